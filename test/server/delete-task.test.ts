/** A task is deleted under its streams: over each transport they end with TASK_DELETED, and nothing else is disturbed. */
import { expect, test } from 'vitest';
import { codesOf, dataOf, startApp, type Answer, type AnswerError, type TestApp } from '../support/app.ts';

const WATCH = 'subscription ($taskId: ID!) { taskUpdates(taskId: $taskId) { __typename progress { sequence } } }';
const STATES = 'subscription ($taskId: ID!) { taskProgress(taskId: $taskId) { sequence } }';
const BOARD = 'subscription { tasks { removed } }';

async function remove({ post }: TestApp, taskId: string): Promise<boolean> {
  const answer = await post('mutation ($taskId: ID!) { deleteTask(taskId: $taskId) { deleted } }', { taskId });
  return dataOf<{ deleteTask: { deleted: boolean } }>(answer).deleteTask.deleted;
}

test('WebSocket: each of its streams is an `error`, and the socket goes on with the others', async () => {
  await using server = await startApp();
  await server.emit({ taskId: 'gone' });
  await server.emit({ taskId: 'kept' });
  await using client = await server.ws();
  const streams: readonly (readonly [string, string, object])[] = [
    ['updates', WATCH, { taskId: 'gone' }],
    ['states', STATES, { taskId: 'gone' }],
    ['kept', WATCH, { taskId: 'kept' }],
    ['board', BOARD, {}],
  ];
  for (const [id, query, variables] of streams) {
    client.subscribe(id, query, variables);
    await client.nextOf(id, 'next');
  }
  expect(await remove(server, 'gone')).toBe(true);
  for (const id of ['updates', 'states']) {
    const errors = await client.nextOf<readonly AnswerError[]>(id, 'error');
    expect(errors).toMatchObject([{ message: 'The task "gone" was deleted.', extensions: { code: 'TASK_DELETED' } }]);
  }
  expect(await client.nextOf('board', 'next')).toEqual({ data: { tasks: { removed: ['gone'] } } });
  await server.emit({ taskId: 'kept' });
  expect(await client.nextOf('kept', 'next')).toMatchObject({ data: { taskUpdates: { progress: { sequence: 2 } } } });
  // The id of an operation that failed is free, and so is that of the task.
  client.subscribe('updates', WATCH, { taskId: 'gone' });
  await server.emit({ taskId: 'gone' });
  expect(await client.nextOf('updates', 'next')).toMatchObject({
    data: { taskUpdates: { progress: { sequence: 1 } } },
  });
});

test.each([
  ['taskUpdates', WATCH],
  ['taskProgress', STATES],
])('server-sent events: a stream of %s is told by a result, and completes', async (_, query) => {
  await using server = await startApp();
  await server.emit({ taskId: 'gone' });
  await using stream = await server.sse({ query, variables: { taskId: 'gone' } });
  await stream.nextResult();
  expect(await remove(server, 'gone')).toBe(true);
  expect(codesOf(await stream.nextResult<Answer>())).toEqual(['TASK_DELETED']);
  const { events, whole } = await stream.ended();
  expect([whole, events.map(({ type }) => type)]).toEqual([true, ['complete']]);
});

test('an EventSource that comes back with a cursor of the deleted task is told that it is not known', async () => {
  await using server = await startApp();
  const lastEventId = await server.emit({ taskId: 'gone' });
  expect(await remove(server, 'gone')).toBe(true);
  expect(await remove(server, 'gone')).toBe(false);
  await using stream = await server.sse({ query: WATCH, variables: { taskId: 'gone' }, lastEventId });
  expect(codesOf(await stream.nextResult<Answer>())).toEqual(['TASK_NOT_FOUND']);
});
