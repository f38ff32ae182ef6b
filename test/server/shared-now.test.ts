/**
 * What a selection reads of this moment is no part of the item: it is asked for each watcher, when that watcher's turn
 * comes, even where the item is the same for all.
 */
import { parse, validateSubscriptionArgs } from 'graphql';
import { expect, test } from 'vitest';
import { createErrorMask } from '../../src/server/errors.ts';
import { createSharedExecution } from '../../src/server/shared-execution.ts';
import { createHarness, emitAll } from '../schema/harness.ts';
import { startApp, TASK } from '../support/app.ts';
import { breakLog } from './faults.ts';

const ignore = (): void => undefined;
const mask = createErrorMask({ error: ignore, warn: ignore, info: ignore, debug: ignore });

test.each([
  ['task', `subscription { task(id: "survey") { events(last: 1) { nodes { sequence } } } }`],
  ['tasks', `subscription { tasks { changed { events(last: 1) { nodes { sequence } } } } }`],
])('of one item of %s, two watchers that come at two moments are told of two moments', async (root, text) => {
  await using harness = createHarness();
  await emitAll(harness, [{}]);
  const head = await harness.log.head('survey');
  const item = root === 'task' ? head : { changed: [head], removed: [], ready: true, truncated: false };
  if (item === undefined) throw new Error('nothing was recorded');
  const shared = createSharedExecution({ mask });
  const args = validateSubscriptionArgs({
    schema: harness.schema,
    document: parse(text),
    contextValue: { manager: harness.manager },
  });
  if (!('operation' in args)) throw new AggregateError(args);
  using early = shared.open(args);
  using late = shared.open(args);
  const told: string[] = [];
  told.push((await early.frameOf(item)).json);
  await emitAll(harness, [{}]);
  told.push((await late.frameOf(item)).json, (await early.frameOf(item)).json);
  expect(told.map((json) => /"sequence":(\d+)/.exec(json)?.[1])).toEqual(['1', '2', '2']);
  expect(shared.stats).toEqual({ operations: 0, frames: 0, bytes: 0 });
});

test.each([
  ['task', `subscription { task(id: "${TASK}") { events(first: 1) { nodes { sequence } } } }`, 2],
  ['tasks', 'subscription { tasks { changed { events(first: 1) { nodes { sequence } } } } }', 2],
  ['task, its last event', `subscription { task(id: "${TASK}") { lastEvent { sequence } } }`, 2],
  ['tasks, their last events', 'subscription { tasks { changed { lastEvent { sequence } } } }', 2],
  ['task without events', `subscription { task(id: "${TASK}") { progress { sequence } } }`, 0],
])('of two watchers of %s the log is asked for each', async (_what, query, reads) => {
  await using server = await startApp();
  await server.emit();
  const { read, eventsAt } = server.app.log;
  let asked = 0;
  breakLog(server, {
    read(...args) {
      asked += 1;
      return read(...args);
    },
    eventsAt(...args) {
      asked += 1;
      return eventsAt(...args);
    },
  });
  for (let count = 0; count < 2; count += 1) {
    await using client = await server.ws();
    client.subscribe('1', query);
    await client.nextOf('1');
  }
  expect(asked).toBe(reads);
});

test('the last event of a task is told as of its progress, whether its item has it or not', async () => {
  await using harness = createHarness();
  await emitAll(harness, [{}, {}]);
  const head = await harness.log.head('survey');
  const [lastEvent] = await harness.log.read('survey', { after: 1, limit: 1 });
  if (head === undefined || lastEvent === undefined) throw new Error('nothing was recorded');
  const args = validateSubscriptionArgs({
    schema: harness.schema,
    document: parse('subscription { tasks { changed { lastEvent { sequence } } } }'),
    contextValue: { manager: harness.manager },
  });
  if (!('operation' in args)) throw new AggregateError(args);
  using open = createSharedExecution({ mask }).open(args);
  await emitAll(harness, [{}]);
  const changed = [{ ...head, lastEvent }, head, { ...head, lastEvent: null }];
  const frames = changed.map((task) => open.frameOf({ changed: [task], removed: [], ready: true, truncated: false }));
  // What an item has needs no execution.
  expect(frames.map((frame) => frame instanceof Promise)).toEqual([false, true, false]);
  const told = frames.map(async (frame) => /"lastEvent":[^]*?(\d+|null)/.exec((await frame).json)?.[1]);
  expect(await Promise.all(told)).toEqual(['2', '2', 'null']);
});
