/** Planning an append: pure, so its rules are tested without a store. The suite tests the rest through every driver. */
import { expect, test } from 'vitest';
import { LIMITS } from '../../src/domain/limits.ts';
import { planAppend, planTask, type AppendLookups } from '../../src/log/plan-append.ts';
import { newEvent, newEvents } from '../../src/conformance/event-log/support.ts';

const NOTHING: AppendLookups = {
  head: () => undefined,
  lastRecordedAt: () => undefined,
  findEvent: () => undefined,
};

const plan = (batch: Parameters<typeof planAppend>[0], lookups = NOTHING) =>
  planAppend(batch, lookups, 1_000, () => 'log');

test('the same input and store give the same plan, byte for byte, and the input stays as it was', () => {
  const batch = [...newEvents('a', 3), ...newEvents('b', 2), newEvent({ eventId: 'x', details: { z: 1, a: 2 } })];
  const copy = structuredClone(batch);
  expect(plan(batch)).toEqual(plan(structuredClone(batch)));
  expect(batch).toEqual(copy);
});

test('it holds one head for each task touched, as it will stand, and each new task once', () => {
  const { heads, newTasks, newEvents: events } = plan([...newEvents('a', 3), ...newEvents('b', 2)]);
  expect([...heads].map(([taskId, { progress }]) => [taskId, progress.seq])).toEqual([
    ['a', 3],
    ['b', 2],
  ]);
  expect(newTasks.map(({ head }) => head.genesis.taskId)).toEqual(['a', 'b']);
  expect(events.map(({ event, progress }) => progress.hash === event.hash)).toEqual([true, true, true, true, true]);
});

test('a plan of repeats alone writes nothing', () => {
  const [known] = plan(newEvents('a', 1)).newEvents;
  const repeated = plan(newEvents('a', 1), { ...NOTHING, findEvent: () => known });
  expect(repeated).toMatchObject({ newTasks: [], newEvents: [], results: [{ duplicate: true }] });
  expect(repeated.heads.size).toBe(0);
});

test('a task that has as many events as can be numbered is refused another', () => {
  const { head } = planTask({ taskId: 'task', labels: [] }, 1_000, 'log');
  const full = (seq: number): AppendLookups => ({
    ...NOTHING,
    head: () => ({ ...head, progress: { ...head.progress, seq } }),
  });
  expect(plan([newEvent({ eventId: 'last' })], full(LIMITS.maxSeq - 1)).results[0]?.event.seq).toBe(LIMITS.maxSeq);
  const two = [newEvent({ eventId: 'last' }), newEvent({ eventId: 'one too many' })];
  expect(() => plan(two, full(LIMITS.maxSeq - 1))).toThrow(
    expect.objectContaining({
      code: 'LIMIT_EXCEEDED',
      issues: [expect.objectContaining({ path: ['inputs', 1, 'taskId'] })],
    }) as Error,
  );
});
