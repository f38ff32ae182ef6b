/** Live streams: where each begins, that nothing is missing or twice, where each ends, and how it is resumed. */
import { expect, test } from 'vitest';
import type { StreamExtension } from '../../src/schema/context.ts';
import { createHarness, emitAll, type Harness, type Variables, type Watch } from './harness.ts';
import { waitFor } from '../support/wait-for.ts';

const UPDATES = `subscription ($taskId: ID! = "survey", $after: String, $replay: Boolean, $filter: TaskEventFilter) {
  taskUpdates(taskId: $taskId, after: $after, replay: $replay, filter: $filter) {
    kind: __typename
    cursor
    progress { sequence status cursor }
    ... on TaskEventRecorded { event { sequence component } component { name progress } }
    ... on TaskGap { reason }
  }
}`;

interface Update {
  readonly kind: string;
  readonly cursor: string;
  readonly progress: { readonly sequence: number; readonly cursor: string };
  readonly reason?: string;
}

async function watch(harness: Harness, variables: Variables = {}, lastEventId?: string): Promise<Watch<Update>> {
  return harness.watch<Update>(UPDATES, variables, lastEventId);
}

/** What a step is, in a word: `TaskEventRecorded 3`. */
function summary({ kind, progress }: Update): string {
  return `${kind} ${progress.sequence}`;
}

const WORK = [{ progress: 0.1 }, { component: 'drummer', progress: 0.2 }, { progress: 0.3 }];
const END = { eventType: 'TASK_COMPLETED', stage: 'COMPLETE', progress: 1 };

test('a stream begins with a snapshot, gives every event in order, and ends after the end', async () => {
  await using harness = createHarness();
  await emitAll(harness, WORK);
  await using updates = await watch(harness);
  const first = await updates.next();
  expect(summary(first)).toBe('TaskSnapshot 3');
  expect(first.cursor).toBe(first.progress.cursor);
  await emitAll(harness, [{ component: 'late', progress: 0.4 }, END]);
  const rest = await updates.rest();
  expect(rest.map(summary)).toEqual(['TaskEventRecorded 4', 'TaskEventRecorded 5', 'TaskEnded 5']);
  expect(rest[0]).toMatchObject({
    event: { sequence: 4, component: 'late' },
    component: { name: 'late', progress: 0.4 },
  });
});

test('with replay it begins with the first event instead', async () => {
  await using harness = createHarness();
  await emitAll(harness, [...WORK, END]);
  await using updates = await watch(harness, { replay: true });
  expect((await updates.rest()).map(summary)).toEqual([
    'TaskEventRecorded 1',
    'TaskEventRecorded 2',
    'TaskEventRecorded 3',
    'TaskEventRecorded 4',
    'TaskEnded 4',
  ]);
});

test('a task that is not yet known is waited for', async () => {
  await using harness = createHarness();
  await using updates = await watch(harness);
  const first = updates.next();
  await waitFor(() => harness.manager.followerCount === 1, { withinMs: 5_000, what: 'the stream to listen' });
  await emitAll(harness, [WORK[0] ?? {}]);
  expect((await first).kind).toBe('TaskSnapshot');
});

test('from any cursor it goes on just after it, whatever replay says', async () => {
  await using harness = createHarness();
  const cursors = await emitAll(harness, [...WORK, END]);
  for (const [index, after] of cursors.entries()) {
    await using updates = await watch(harness, { after, replay: true });
    const expected = [2, 3, 4].slice(index).map((sequence) => `TaskEventRecorded ${sequence}`);
    expect((await updates.rest()).map(summary)).toEqual([...expected, 'TaskEnded 4']);
  }
});

test('null counts as left out', async () => {
  await using harness = createHarness();
  await emitAll(harness, WORK);
  await using updates = await watch(harness, { after: null, replay: null, filter: null });
  expect(summary(await updates.next())).toBe('TaskSnapshot 3');
});

test('a cursor for a task that is not known is TASK_NOT_FOUND', async () => {
  await using harness = createHarness();
  const [after = ''] = await emitAll(harness, [{}]);
  const missing = [{ code: 'TASK_NOT_FOUND', paths: [] }];
  await expect(harness.failToWatch(UPDATES, { taskId: 'nobody', after })).resolves.toEqual(missing);
  await expect(harness.failToWatch(UPDATES, { taskId: 'nobody' }, after)).resolves.toEqual(missing);
});

test('a cursor of another history is told as a gap with the state there', async () => {
  await using harness = createHarness();
  const [mine = ''] = await emitAll(harness, WORK);
  const [foreign = ''] = await emitAll(harness, [{ taskId: 'other' }]);
  const tampered = `${mine.slice(0, -1)}${mine.endsWith('0') ? '1' : '0'}`;
  const ahead = mine.replace('v1.1.', 'v1.99.');
  for (const after of [foreign, tampered, ahead]) {
    await using updates = await watch(harness, { after });
    await expect(updates.next()).resolves.toMatchObject({
      kind: 'TaskGap',
      reason: 'DIVERGED',
      progress: { sequence: 3 },
    });
  }
});

test('events that are no longer kept are told as a gap, and the stream goes on from there', async () => {
  await using harness = createHarness();
  const cursors = await emitAll(harness, [...WORK, END]);
  await harness.log.trim('survey', 2);
  for (const variables of [{ after: cursors[0] }, { replay: true }]) {
    await using updates = await watch(harness, variables);
    const steps = await updates.rest();
    expect(steps.map(summary)).toEqual(['TaskGap 2', 'TaskEventRecorded 3', 'TaskEventRecorded 4', 'TaskEnded 4']);
    expect(steps[0]?.reason).toBe('EXPIRED');
  }
});

test('under a filter only what matches is delivered, and the cursor still comes to the head', async () => {
  await using harness = createHarness();
  const cursors = await emitAll(harness, WORK);
  await using updates = await watch(harness, { replay: true, filter: { components: ['drummer'] } });
  expect(summary(await updates.next())).toBe('TaskEventRecorded 2');
  const checkpoint = await updates.next();
  expect(summary(checkpoint)).toBe('TaskCheckpoint 3');
  expect(checkpoint.cursor).toBe(cursors[2]);
});

test('Last-Event-ID beats after and replay', async () => {
  await using harness = createHarness();
  const cursors = await emitAll(harness, [...WORK, END]);
  await using updates = await watch(harness, { after: cursors[0], replay: true }, cursors[2]);
  expect((await updates.rest()).map(summary)).toEqual(['TaskEventRecorded 4', 'TaskEnded 4']);
});

test('a Last-Event-ID that is no cursor is CURSOR_INVALID', async () => {
  await using harness = createHarness();
  await emitAll(harness, WORK);
  await expect(harness.failToWatch(UPDATES, {}, '17')).resolves.toEqual([{ code: 'CURSOR_INVALID', paths: [] }]);
});

test('who comes back to a stream that is over and wholly delivered is told so', async () => {
  await using harness = createHarness();
  const cursors = await emitAll(harness, [...WORK, END]);
  await expect(harness.failToWatch(UPDATES, {}, cursors[3])).resolves.toEqual([{ code: 'STREAM_OVER', paths: [] }]);
  // Not wholly delivered, of another history, or asked for by `after`: a stream as ever.
  await using missing = await watch(harness, {}, cursors[2]);
  expect((await missing.rest()).map(summary)).toEqual(['TaskEventRecorded 4', 'TaskEnded 4']);
  await using foreign = await watch(harness, {}, `${cursors[3]?.slice(0, -4)}ffff`);
  expect((await foreign.rest()).map(summary)).toEqual(['TaskGap 4', 'TaskEnded 4']);
  await using asked = await watch(harness, { after: cursors[3] });
  expect((await asked.rest()).map(summary)).toEqual(['TaskEnded 4']);
});

test('a stream that is not over is resumed at its head', async () => {
  await using harness = createHarness();
  const cursors = await emitAll(harness, WORK);
  await using updates = await watch(harness, {}, cursors[2]);
  const next = updates.next();
  await emitAll(harness, [{ progress: 0.9 }]);
  expect(summary(await next)).toBe('TaskEventRecorded 4');
});

test('leaving a stream releases it', async () => {
  await using harness = createHarness();
  await emitAll(harness, WORK);
  {
    await using updates = await watch(harness);
    await updates.next();
    expect(harness.manager.followerCount).toBe(1);
  }
  await waitFor(() => harness.manager.followerCount === 0, { withinMs: 5_000, what: 'the stream to be released' });
});

test.each([
  ['taskProgress', 'subscription { taskProgress(taskId: "survey", maxRate: 60) { sequence status } }'],
  ['task', 'subscription { task(id: "survey", maxRate: 60) { progress { sequence status } } }'],
])('%s gives the state now, then newer ones, and ends with the final one', async (_name, document) => {
  interface State {
    readonly sequence: number;
    readonly status: string;
  }
  await using harness = createHarness();
  await emitAll(harness, WORK);
  await using states = await harness.watch<State | { readonly progress: State }>(document);
  const toState = (item: State | { readonly progress: State }): State => ('progress' in item ? item.progress : item);
  expect(toState(await states.next())).toEqual({ sequence: 3, status: 'RUNNING' });
  await emitAll(harness, [{ progress: 0.5 }, END]);
  const rest = (await states.rest()).map(toState);
  expect(rest.at(-1)).toEqual({ sequence: 5, status: 'COMPLETED' });
  const sequences = rest.map(({ sequence }) => sequence);
  expect(sequences).toEqual(sequences.toSorted((one, other) => one - other));
});

test('a board begins with the tasks that match, then tells what changed and what left', async () => {
  await using harness = createHarness();
  await emitAll(harness, [{ taskId: 'a' }, { taskId: 'b' }, { taskId: 'c', stage: 'REVIEW' }]);
  const document = `subscription {
    tasks(filter: { stages: [PLANNING] }, maxRate: 60) { changed { id progress { sequence } } removed ready truncated }
  }`;
  interface Board {
    readonly changed: readonly { readonly id: string }[];
    readonly removed: readonly string[];
  }
  await using board = await harness.watch<Board>(document);
  const first = await board.next();
  expect(first.changed.map(({ id }) => id).toSorted()).toEqual(['a', 'b']);
  expect(first).toMatchObject({ removed: [], ready: true, truncated: false });
  await emitAll(harness, [{ taskId: 'a', stage: 'ANALYSIS' }]);
  await expect(board.next()).resolves.toMatchObject({ changed: [], removed: ['a'] });
  await emitAll(harness, [{ taskId: 'c' }]);
  await expect(board.next()).resolves.toMatchObject({ changed: [{ id: 'c', progress: { sequence: 2 } }], removed: [] });
});

test('a board begins with as many as are asked for, and says that there are more', async () => {
  await using harness = createHarness();
  await emitAll(harness, [{ taskId: 'a' }, { taskId: 'b' }]);
  await using board = await harness.watch(
    'subscription { tasks(first: 1) { changed { __typename } ready truncated } }',
  );
  await expect(board.next()).resolves.toEqual({ changed: [{ __typename: 'Task' }], ready: true, truncated: true });
});

test('an empty board says at once that it is ready', async () => {
  await using harness = createHarness();
  await using board = await harness.watch('subscription { tasks { changed { id } removed ready truncated } }');
  await expect(board.next()).resolves.toEqual({ changed: [], removed: [], ready: true, truncated: false });
});

const OBSERVE = `subscription ($taskId: ID, $after: String) {
  observations(taskId: $taskId, after: $after) {
    kind: __typename cursor ... on ObservationRecorded { observation { id cursor } } ... on ObservationGap { reason }
  }
}`;
const PUBLISH = 'mutation ($input: PublishObservationInput!) { publishObservation(input: $input) { duplicate } }';

test('observations come from now on, and go on from any cursor', async () => {
  await using harness = createHarness();
  await harness.ask(PUBLISH, { input: { id: 'before', content: 'x' } });
  await using stream = await harness.watch<{ kind: string; cursor: string }>(OBSERVE);
  const start = await stream.next();
  expect(start.kind).toBe('ObservationCheckpoint');
  for (const [id, taskId] of [
    ['o1', 'a'],
    ['o2', 'b'],
    ['o3', 'a'],
  ]) {
    await harness.ask(PUBLISH, { input: { id, content: 'x', taskId } });
  }
  await expect(stream.next()).resolves.toMatchObject({ kind: 'ObservationRecorded', observation: { id: 'o1' } });
  await expect(stream.next()).resolves.toMatchObject({ observation: { id: 'o2' } });

  await using resumed = await harness.watch<{ kind: string }>(
    OBSERVE,
    { after: 'v1.0.0000000000000000' },
    start.cursor,
  );
  await expect(resumed.next()).resolves.toMatchObject({ observation: { id: 'o1' } });
  await using filtered = await harness.watch<{ kind: string }>(OBSERVE, { after: start.cursor, taskId: 'b' });
  await expect(filtered.next()).resolves.toMatchObject({ observation: { id: 'o2' } });
  await expect(filtered.next()).resolves.toMatchObject({ kind: 'ObservationCheckpoint' });
  await using lost = await harness.watch<{ kind: string }>(OBSERVE, { after: 'v1.2.ffffffffffffffff' });
  await expect(lost.next()).resolves.toMatchObject({ kind: 'ObservationGap', reason: 'DIVERGED' });
});

test('the streams that can be resumed tell their cursor to the transport, whatever is selected', async () => {
  await using harness = createHarness();
  const fields = harness.schema.getSubscriptionType()?.getFields() ?? {};
  const resumable = Object.values(fields).filter(
    ({ extensions }) => (extensions['stream'] as StreamExtension | undefined)?.eventIdOf !== undefined,
  );
  expect(resumable.map(({ name }) => name).toSorted()).toEqual(['observations', 'taskUpdates']);
  const eventIdOf = (name: string, item: unknown): string | undefined => {
    const { stream } = (fields[name]?.extensions ?? {}) as { stream: StreamExtension };
    return stream.eventIdOf?.(item);
  };

  const cursors = await emitAll(harness, [...WORK, END]);
  const given: (string | undefined)[] = [];
  for await (const update of await harness.manager.taskUpdates({ taskId: 'survey', replay: true })) {
    given.push(eventIdOf('taskUpdates', update));
  }
  // The last event says that the end is still owed; with the end in hand there is nothing to come back for.
  expect(given).toEqual([...cursors.slice(0, -1), `${cursors.at(-1)}+`, cursors.at(-1)]);

  await using observations = await harness.watch<{ cursor: string }>(OBSERVE);
  const { cursor } = await observations.next();
  const stream = harness.manager.observationUpdates({});
  expect(eventIdOf('observations', (await stream.next()).value)).toBe(cursor);
  await stream.return?.();
});
