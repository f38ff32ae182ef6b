import { expect, test } from 'vitest';
import type { EventLog } from '../../src/log/event-log.ts';
import type { ObservationUpdate } from '../../src/manager/observation-updates.ts';
import { openBench, take, TASK, type Bench } from './bench.ts';

function said(update: ObservationUpdate): string {
  const what = update.kind === 'recorded' ? `:${update.observation.content}` : '';
  const reason = update.kind === 'gap' ? `:${update.reason}` : '';
  return `${update.kind}${what}${reason} ${update.cursor.seq}`;
}

async function say({ manager }: Bench, content: string, taskId?: string): Promise<void> {
  await manager.publishObservation({ content, taskId });
}

test('from now on: first where now is, then each observation in order, resumable from every cursor', async () => {
  await using bench = openBench();
  await say(bench, 'before');
  const stream = bench.manager.observationUpdates({});
  const [start] = await take(stream, 1);
  expect(start && said(start)).toBe('checkpoint 1');
  await say(bench, 'a');
  await say(bench, 'b');
  const updates = await take(stream, 2);
  expect(updates.map(said)).toEqual(['recorded:a 2', 'recorded:b 3']);
  await stream.return?.();
  for (const [cursor, expected] of [
    [start?.cursor, ['recorded:a 2', 'recorded:b 3']],
    [updates[0]?.cursor, ['recorded:b 3']],
  ] as const) {
    const resumed = bench.manager.observationUpdates({ after: cursor });
    expect((await take(resumed, expected.length)).map(said)).toEqual(expected);
    await resumed.return?.();
  }
  expect(bench.manager.followerCount).toBe(0);
});

test('of one task: the others are hidden, and a checkpoint tells how far', async () => {
  await using bench = openBench();
  const stream = bench.manager.observationUpdates({ taskId: TASK });
  await take(stream, 1);
  await say(bench, 'mine', TASK);
  expect((await take(stream, 1)).map(said)).toEqual(['recorded:mine 1']);
  const checkpoint = take(stream, 1);
  await say(bench, 'on the whole system');
  expect((await checkpoint).map(said)).toEqual(['checkpoint 2']);
  await say(bench, 'mine again', TASK);
  expect((await take(stream, 1)).map(said)).toEqual(['recorded:mine again 3']);
  await stream.return?.();
});

test('a busy stream tells a filtered watcher of what it hides at most once a second', async () => {
  await using bench = openBench();
  const stream = bench.manager.observationUpdates({ taskId: TASK });
  await take(stream, 1);
  const next = stream.next();
  await bench.manager.publishObservation({ content: 'of another task', taskId: 'other' });
  expect((await next).value?.kind).toBe('checkpoint');
  const after = stream.next();
  for (let n = 0; n < 50; n += 1) await bench.manager.publishObservation({ content: 'more', taskId: 'other' });
  await bench.manager.publishObservation({ content: 'of this one', taskId: TASK });
  expect((await after).value?.kind).toBe('recorded');
  await stream.return?.();
});

test('publishing an observation on a task begins no task; doing it again with its id records nothing', async () => {
  await using bench = openBench();
  const first = await bench.manager.publishObservation({ id: 'o1', content: 'seen', taskId: TASK });
  const again = await bench.manager.publishObservation({ id: 'o1', content: 'seen', taskId: TASK });
  expect([first.duplicate, again.duplicate, again.observation.seq]).toEqual([false, true, 1]);
  expect(await bench.manager.getTask(TASK)).toBeUndefined();
  await expect(bench.manager.publishObservation({ id: 'o1', content: 'else' })).rejects.toMatchObject({
    code: 'EVENT_ID_CONFLICT',
    issues: [{ path: ['input', 'id'] }],
  });
});

test('a cursor of another history is DIVERGED, and the stream goes on from the head', async () => {
  await using bench = openBench();
  await say(bench, 'a');
  for (const seq of [0, 1, 2]) {
    const stream = bench.manager.observationUpdates({ after: { seq, hash: '0123456789abcdef' } });
    expect((await take(stream, 1)).map(said)).toEqual(['gap:diverged 1']);
    const next = take(stream, 1);
    await say(bench, `after ${seq}`);
    await next;
    await stream.return?.();
    break;
  }
});

test.each([
  { last: 2, taskId: undefined, expected: ['checkpoint 3', 'recorded:d 4', 'recorded:e 5'] },
  { last: 9, taskId: undefined, expected: ['checkpoint 0', 'recorded:a 1', 'recorded:b 2'] },
  { last: 0, taskId: undefined, expected: ['checkpoint 5', 'recorded:new 6'] },
  { last: 2, taskId: TASK, expected: ['checkpoint 1', 'recorded:b 2', 'recorded:d 4'] },
  { last: 9, taskId: 'silent', expected: ['checkpoint 5', 'recorded:new 6'] },
])('the last $last of $taskId come first, after the place where they begin', async ({ last, taskId, expected }) => {
  await using bench = openBench();
  for (const content of ['a', 'b', 'c', 'd', 'e']) {
    await say(bench, content, ['b', 'd'].includes(content) ? TASK : undefined);
  }
  const stream = bench.manager.observationUpdates({ last, taskId });
  const [start] = await take(stream, 1);
  await say(bench, 'new', taskId);
  expect([start, ...(await take(stream, expected.length - 1))].map((update) => update && said(update))).toEqual(
    expected,
  );
  await stream.return?.();
  // A cursor knows better where to go on.
  const resumed = bench.manager.observationUpdates({ last: 1, taskId, after: start?.cursor });
  expect((await take(resumed, 1)).map(said)).toEqual(expected.slice(1, 2));
  await resumed.return?.();
});

test('what is said while the last are looked for is not missed, and not told twice', async () => {
  await using bench = openBench();
  await say(bench, 'a');
  const { observationPlace } = bench.log;
  let isSaid = false;
  const log: EventLog = {
    ...bench.log,
    async observationPlace(seq) {
      if (!isSaid) {
        isSaid = true;
        await say(bench, 'meanwhile');
      }
      return observationPlace(seq);
    },
  };
  await using above = openBench({ log });
  const stream = above.manager.observationUpdates({ last: 1 });
  const updates = await take(stream, 2);
  expect(updates.map(said)).toEqual(['checkpoint 1', 'recorded:meanwhile 2']);
  await stream.return?.();
});

test('with a bus that loses everything, observations arrive with the next catch-up', async () => {
  await using bench = openBench({ fate: () => undefined, catchUpMs: 20 });
  const stream = bench.manager.observationUpdates({});
  await take(stream, 1);
  await say(bench, 'a');
  expect((await take(stream, 1, 2_000)).map(said)).toEqual(['recorded:a 1']);
  await stream.return?.();
});
