/** `watchTasks` and `watchObservations` across breaks: a board stands again as it stands, observations miss nothing. */
import { describe, expect, test } from 'vitest';
import {
  createConnection,
  foldTasks,
  NO_TASKS,
  tasksStore,
  watchObservations,
  watchTasks,
  type TasksUpdate,
} from '../../src/client/index.ts';
import { dataOf, GOOD_EVENT, startApp } from '../support/app.ts';
import { openTcpProxy } from '../support/tcp-proxy.ts';
import { waitFor } from '../support/wait-for.ts';

const EAGER = { random: () => 0 } as const;
const EMIT_MANY = `mutation ($inputs: [EmitEventInput!]!) { emitEvents(inputs: $inputs) { results { duplicate } } }`;
const OBSERVE = `mutation ($input: PublishObservationInput!) { publishObservation(input: $input) { observation { id } } }`;

async function nextOf<Item>(items: AsyncIterator<Item, void, void>): Promise<Item> {
  const next = await items.next();
  if (next.done === true) throw new Error('It ended.');
  return next.value;
}

test('a board after a break: what is gone is gone, what is new is there', async () => {
  await using server = await startApp();
  await using proxy = await openTcpProxy({ target: { port: Number(new URL(server.origin).port) } });
  await server.emit({ taskId: 'stays' });
  await server.emit({ taskId: 'goes' });
  const board = watchTasks({ ...EAGER, url: `${proxy.origin}/graphql`, maxRate: 60 });
  let view = NO_TASKS;
  async function follow(isThere: () => boolean): Promise<readonly TasksUpdate[]> {
    const updates: TasksUpdate[] = [];
    while (!isThere()) {
      const update = await nextOf(board);
      updates.push(update);
      view = foldTasks(view, update);
    }
    return updates;
  }
  await follow(() => view.isReady);
  expect([...view.tasks.keys()].toSorted()).toEqual(['goes', 'stays']);

  for (const connection of proxy.connections()) connection.reset();
  // Nobody listens, so only the board that is said anew can tell.
  dataOf(await server.post('mutation { deleteTask(taskId: "goes") { deleted } }'));
  await server.emit({ taskId: 'new' });
  const updates = await follow(() => view.isReady && view.tasks.has('new') && view.tasks.size === 2);
  expect([...view.tasks.keys()].toSorted()).toEqual(['new', 'stays']);
  expect(updates.some(({ begins }) => begins)).toBe(true);
  await board.return?.();
});

describe('folding a board', () => {
  const update: TasksUpdate = { changed: [], removed: [], ready: true, truncated: false, begins: false };

  test('keeps what was known until the board is ready again', () => {
    const task = { id: 'a' } as TasksUpdate['changed'][number];
    const known = foldTasks(NO_TASKS, { ...update, begins: true, changed: [task] });
    const beginning = foldTasks(known, { ...update, begins: true, ready: false });
    expect([beginning.isReady, [...beginning.tasks.keys()]]).toEqual([false, ['a']]);
    expect([...foldTasks(beginning, update).tasks.keys()]).toEqual([]);
  });

  test('over several updates: only what none of them named is gone, and only at the last', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((id) => ({ id }) as TasksUpdate['changed'][number]);
    if (a === undefined || b === undefined || c === undefined) throw new Error('There are three.');
    const known = foldTasks(NO_TASKS, { ...update, begins: true, changed: [a, b, c] });
    const first = foldTasks(known, { ...update, begins: true, ready: false, changed: [c] });
    const second = foldTasks(first, { ...update, ready: false, changed: [] });
    expect([[...second.tasks.keys()], [...second.unconfirmed]]).toEqual([
      ['a', 'b', 'c'],
      ['a', 'b'],
    ]);
    const ready = foldTasks(second, { ...update, changed: [a] });
    expect([[...ready.tasks.keys()], [...ready.unconfirmed], ready.isReady]).toEqual([['a', 'c'], [], true]);
  });
});

test('each row has the last words of its task', async () => {
  await using server = await startApp();
  await server.emit({ taskId: 'a', message: 'one' });
  const board = watchTasks({ ...EAGER, url: server.graphqlUrl, maxRate: 60 });
  const said = async (): Promise<unknown> => (await nextOf(board)).changed.map(({ lastEvent }) => lastEvent);
  const component = 'camina';
  expect(await said()).toMatchObject([{ component, eventType: 'PROGRESS_UPDATE', message: 'one' }]);
  await server.emit({ taskId: 'a', message: 'two', eventType: 'WARNING' });
  expect(await said()).toMatchObject([{ component, eventType: 'WARNING', message: 'two' }]);
  await board.return?.();
});

test('a large board begins in several updates, and is ready when all of it is there', async () => {
  await using server = await startApp();
  const inputs = Array.from({ length: 1_000 }, (_, number) => ({ ...GOOD_EVENT, taskId: `t${number}` }));
  dataOf(await server.post(EMIT_MANY, { inputs }));
  await server.emit({ taskId: 'one-more' });
  using store = tasksStore({ url: server.graphqlUrl, first: 1_001 });
  const sizes = new Set<number>();
  const leave = store.subscribe(() => {
    const { view } = store.getSnapshot();
    if (!view.isReady) sizes.add(view.tasks.size);
  });
  await waitFor(() => store.getSnapshot().view.isReady, { withinMs: 5_000, what: 'the whole board' });
  leave();
  expect(store.getSnapshot().view).toMatchObject({ isTruncated: false });
  expect(store.getSnapshot().view.tasks.size).toBe(1_001);
  expect(sizes).toContain(500);
});

test.each(['websocket', 'sse'] as const)(
  'a connection over %s that is closed ends its watches, and takes no more',
  async (transport) => {
    await using server = await startApp();
    const connection = createConnection({ url: server.graphqlUrl, transport });
    const board = watchTasks({ ...EAGER, connection });
    await nextOf(board);
    const next = board.next();
    connection[Symbol.dispose]();
    await expect(next).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
    await expect(watchTasks({ ...EAGER, connection }).next()).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
  },
);

test('observations across a break: each once, in order, without the place where it stood', async () => {
  await using server = await startApp();
  await using proxy = await openTcpProxy({ target: { port: Number(new URL(server.origin).port) } });
  async function observe(id: string): Promise<void> {
    dataOf(await server.post(OBSERVE, { input: { id, content: 'seen' } }));
  }
  const updates = watchObservations({ ...EAGER, url: `${proxy.origin}/graphql` });
  expect((await nextOf(updates)).__typename).toBe('ObservationCheckpoint');
  const seen: string[] = [];
  async function see(count: number): Promise<void> {
    while (seen.length < count) {
      const update = await nextOf(updates);
      seen.push(update.__typename === 'ObservationRecorded' ? update.observation.id : update.__typename);
    }
  }
  await observe('a');
  await see(1);
  for (const connection of proxy.connections()) connection.reset();
  await observe('b');
  await observe('c');
  await see(3);
  expect(seen).toEqual(['a', 'b', 'c']);
  await updates.return?.();
});
