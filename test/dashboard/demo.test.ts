/** The demo that the page plays: again from its beginning after a reload, and recorded once all the same. */
import { expect, test } from 'vitest';
import { playDemo } from '../../src/dashboard/demo/play.ts';
import { parseRun, type DemoRun } from '../../src/dashboard/demo/run.ts';
import { scheduleOf } from '../../src/dashboard/demo/schedule.ts';
import { startApp } from '../support/app.ts';
import { readTaskLog } from '../support/read-log.ts';

const RUN: DemoRun = { taskId: 'demo-1', seed: 7, startedAt: Date.UTC(2026, 10, 23, 12) };

test('one run is the same to the letter each time, and other runs are not', () => {
  const schedule = scheduleOf(RUN);
  expect(scheduleOf(RUN)).toEqual(schedule);
  expect(scheduleOf({ ...RUN, seed: 8 })).not.toEqual(schedule);
  expect(schedule[0]).toMatchObject({ atMs: RUN.startedAt, event: { eventId: 'demo-1', taskId: 'demo-1' } });
  for (const { atMs, event } of schedule) expect(Date.parse(String(event.timestamp))).toBe(atMs);
});

test('only a run is taken for one', () => {
  expect(parseRun(JSON.stringify(RUN))).toEqual(RUN);
  for (const text of [null, '', '{', 'null', '[]', '{"taskId":"a","seed":"1","startedAt":0}']) {
    expect(parseRun(text)).toBeUndefined();
  }
});

test('played twice, as after a reload, it is recorded once, to its end', async () => {
  await using app = await startApp();
  const url = app.graphqlUrl;
  const { signal } = new AbortController();
  await playDemo(RUN, { url, headers: {}, signal });
  await playDemo(RUN, { url, headers: {}, signal });
  const events = await readTaskLog(url, RUN.taskId);
  expect(events.map(({ eventId }) => eventId)).toEqual(scheduleOf(RUN).map(({ event }) => event.eventId));
  expect(events.at(-1)?.eventType).toBe('TASK_COMPLETED');
});

test('left in the middle it ends quietly; refused, it says why', async () => {
  await using app = await startApp();
  const url = app.graphqlUrl;
  const later = { ...RUN, startedAt: Date.now() + 3_600_000 };
  await playDemo(later, { url, headers: {}, signal: AbortSignal.abort() });
  const conflicting = { ...RUN, seed: 8 };
  const { signal } = new AbortController();
  await playDemo(RUN, { url, headers: {}, signal });
  await expect(playDemo(conflicting, { url, headers: {}, signal })).rejects.toMatchObject({
    code: 'EVENT_ID_CONFLICT',
  });
});
