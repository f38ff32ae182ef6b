/** The head, the state at any place, the running hash, and pages of events. */
import { expect, test } from 'vitest';
import type { EventType } from '../../domain/event.ts';
import {
  foldStates,
  hashChain,
  logOptions,
  LONG_AGO,
  newEvent,
  newEvents,
  numbers,
  oneTo,
  openForAll,
  readAll,
} from './support.ts';
import type { LogUnderTest } from './support.ts';

export function testProgress(driver: LogUnderTest): void {
  testGenesis(driver);
  testStates(driver);
  testRead(driver);
}

function testGenesis({ open }: LogUnderTest): void {
  test('initTask begins a task at number 0, and doing it again changes nothing', async () => {
    await using log = await open(logOptions());
    const first = await log.initTask({ taskId: 'task', title: 'Title', labels: ['one', 'two'] });
    expect(first.created).toBe(true);
    expect(first.head.genesis).toMatchObject({ taskId: 'task', title: 'Title', labels: ['one', 'two'] });
    expect(first.head.genesis.startedAt).toBe(first.head.genesis.createdAt);
    expect(first.head.oldestSeq).toBe(1);
    expect(first.head.progress).toEqual(foldStates(first.head.genesis, [])[0]);
    const again = await log.initTask({ taskId: 'task', title: 'Other', labels: [] });
    expect(again).toEqual({ head: first.head, created: false });
    expect(await log.head('task')).toEqual(first.head);
  });

  test('initTask of a task that an event began changes nothing', async () => {
    await using log = await open(logOptions());
    await log.append([newEvent({ eventId: 'e', timestamp: LONG_AGO })]);
    const head = await log.head('task');
    expect(await log.initTask({ taskId: 'task', title: 'Late', labels: ['late'] })).toEqual({ head, created: false });
    expect(await log.head('task')).toEqual(head);
    expect(head?.genesis).toMatchObject({ labels: [], startedAt: LONG_AGO });
    expect(head?.genesis.title).toBeUndefined();
  });

  test('a task that is begun many times at once is begun once', async () => {
    await using log = await open(logOptions());
    const results = await Promise.all(oneTo(10).map((n) => log.initTask({ taskId: 'task', labels: [`label ${n}`] })));
    expect(results.filter(({ created }) => created)).toHaveLength(1);
    expect(new Set(results.map(({ head }) => head.genesis.logId)).size).toBe(1);
  });

  test('every task has a log id of its own, so equal histories have different hashes', async () => {
    await using log = await open(logOptions());
    await using other = await open(logOptions());
    const heads = [];
    for (const each of [log, other]) {
      await each.append([newEvent({ eventId: 'e' }), newEvent({ taskId: 'task-2', eventId: 'e' })]);
      heads.push(await each.head('task'), await each.head('task-2'));
    }
    expect(new Set(heads.map((head) => head?.genesis.logId)).size).toBe(4);
    expect(new Set(heads.map((head) => head?.progress.hash)).size).toBe(4);
  });

  test('an unknown task has no head, no events and no state', async () => {
    await using log = await open(logOptions());
    await log.append([newEvent({ eventId: 'e' })]);
    expect(await log.head('nobody')).toBeUndefined();
    expect(await readAll(log, 'nobody')).toEqual([]);
    expect(await log.progressAt('nobody', 0)).toBeUndefined();
  });
}

function testStates({ open }: LogUnderTest): void {
  test('the running hash is the chain over the canonical records', async () => {
    await using log = await open(logOptions());
    await log.initTask({ taskId: 'task', title: 'T "quoted" \u0000', labels: ['ä'] });
    await log.append(newEvents('task', 9));
    await log.append([
      newEvent({ eventId: 'rich', details: { z: 1, a: [null, 'é\u0000\ud800'] }, estimatedTimeRemaining: '1 min' }),
    ]);
    const head = await log.head('task');
    if (head === undefined) throw new Error('no head');
    const events = await readAll(log, 'task');
    const chain = hashChain(head.genesis, events);
    expect(events.map(({ hash }) => hash)).toEqual(chain.slice(1));
    expect(events.map(({ previousHash }) => previousHash)).toEqual(chain.slice(0, -1));
    expect((await log.progressAt('task', 0))?.hash).toBe(chain[0]);
    expect(head.progress.hash).toBe(chain[10]);
  });

  test('the head is the fold of the log, after every append', async () => {
    await using log = await open(logOptions());
    const types: readonly EventType[] = ['task_started', 'warning', 'progress_update', 'task_failed', 'error'];
    for (const [index, eventType] of types.entries()) {
      await log.append([
        newEvent({
          eventId: `a${index}`,
          component: `c${index % 2}`,
          progress: index / 10,
          timestamp: LONG_AGO - index,
        }),
        newEvent({ eventId: `b${index}`, eventType, message: `said ${index}` }),
      ]);
      const head = await log.head('task');
      if (head === undefined) throw new Error('no head');
      expect(head.progress).toEqual(foldStates(head.genesis, await readAll(log, 'task')).at(-1));
      expect([...head.progress.components.keys()]).toEqual(['c0', 'worker', 'c1'].slice(0, index === 0 ? 2 : 3));
    }
    expect((await log.head('task'))?.progress).toMatchObject({ status: 'failed', seq: 10 });
  });

  test('progressAt is the fold up to that place, at 0, around every snapshot, and at the head', async () => {
    await using log = await open(logOptions({ snapshotEvery: 10 }));
    await log.append(newEvents('task', 7));
    await log.append(newEvents('task', 28, 'more-'));
    const head = await log.head('task');
    if (head === undefined) throw new Error('no head');
    const states = foldStates(head.genesis, await readAll(log, 'task'));
    for (const seq of [0, 1, 6, 7, 8, 9, 10, 11, 19, 20, 21, 29, 30, 31, 34, 35]) {
      expect(await log.progressAt('task', seq)).toEqual(states[seq]);
    }
    expect(await log.progressAt('task', 35)).toEqual(head.progress);
  });

  test('progressAt keeps the order in which the components first reported', async () => {
    await using log = await open(logOptions({ snapshotEvery: 2 }));
    const names = ['zeta', 'alpha', '10', '2', '__proto__', 'constructor', 'Ω', 'alpha', 'zeta', '2', 'é', 'e\u0301'];
    for (const [index, component] of names.entries()) {
      await log.append([newEvent({ eventId: `e${index}`, component, progress: 1 / (index + 3) })]);
    }
    const head = await log.head('task');
    if (head === undefined) throw new Error('no head');
    const states = foldStates(head.genesis, await readAll(log, 'task'));
    expect([...head.progress.components.keys()]).toEqual([...new Set(names)]);
    for (const [seq, state] of states.entries()) {
      const progress = await log.progressAt('task', seq);
      expect([...(progress?.components ?? [])]).toEqual([...state.components]);
      expect(progress?.overallProgress).toBe(state.overallProgress);
      expect(progress?.displayProgress).toBe(state.displayProgress);
    }
  });

  test('the end is final: later events are stored and move only the place', async () => {
    await using log = await open(logOptions({ snapshotEvery: 2 }));
    await log.append([newEvent({ eventId: 'end', eventType: 'task_completed', component: 'lead' })]);
    const ended = await log.head('task');
    await log.append([
      newEvent({ eventId: 'late', eventType: 'task_failed', component: 'lead', progress: 0.1 }),
      newEvent({ eventId: 'later', component: 'stranger', progress: 0.2 }),
    ]);
    const head = await log.head('task');
    expect(head?.progress).toEqual({ ...ended?.progress, seq: 3, hash: head?.progress.hash });
    expect(await log.progressAt('task', 2)).toEqual({
      ...ended?.progress,
      seq: 2,
      hash: (await readAll(log, 'task'))[1]?.hash,
    });
  });

  test('a state that was handed out does not change when the task goes on', async () => {
    await using log = await open(logOptions());
    await log.append(newEvents('task', 3));
    const head = await log.head('task');
    const copy = structuredClone(head);
    await log.append(newEvents('task', 3, 'later-'));
    expect(head).toEqual(copy);
  });
}

function testRead(driver: LogUnderTest): void {
  const { open } = driver;
  test('read pages oldest first, from just after a place', async () => {
    await using log = await open(logOptions());
    await log.append(newEvents('task', 23));
    const pages: (readonly number[])[] = [];
    let after = 0;
    for (;;) {
      const page = numbers(await log.read('task', { after, limit: 5 }));
      if (page.length === 0) break;
      pages.push(page);
      after = page.at(-1) ?? after;
    }
    expect(pages.map((page) => page.length)).toEqual([5, 5, 5, 5, 3]);
    expect(pages.flat()).toEqual(oneTo(23));
  });

  const shared = openForAll(driver, logOptions(), async (log) => {
    await log.append(newEvents('of-4', 4));
    await log.append(newEvents('of-5', 5));
  });

  test.each([
    { after: 0, limit: 1, expected: [1] },
    { after: 0, limit: 4, expected: [1, 2, 3, 4] },
    { after: 0, limit: 5, expected: [1, 2, 3, 4] },
    { after: 2, limit: 1, expected: [3] },
    { after: 3, limit: 100, expected: [4] },
    { after: 4, limit: 100, expected: [] },
    { after: 5, limit: 100, expected: [] },
    { after: 2 ** 31, limit: 100, expected: [] },
  ])('of 4 events, read after $after, at most $limit, gives $expected', async ({ after, limit, expected }) => {
    expect(numbers(await shared().read('of-4', { after, limit }))).toEqual(expected);
    // Once more: a cache that was filled by the first read answers the same.
    expect(numbers(await shared().read('of-4', { after, limit }))).toEqual(expected);
  });

  test.each([-1, 6, 1_000, 2 ** 31, Number.MAX_SAFE_INTEGER])('there is no state at %d of 5 events', async (seq) => {
    expect(await shared().progressAt('of-5', seq)).toBeUndefined();
  });

  test('an append is seen by the next read, head and progressAt', async () => {
    await using log = await open(logOptions());
    for (const seq of oneTo(30)) {
      expect(await log.read('task', { after: seq - 1, limit: 10 })).toEqual([]);
      const [result] = await log.append([newEvent({ eventId: `e${seq}` })]);
      expect(await log.read('task', { after: seq - 1, limit: 10 })).toEqual([result?.event]);
      const head = await log.head('task');
      expect(head?.progress.seq).toBe(seq);
      expect(await log.progressAt('task', seq)).toEqual(head?.progress);
    }
  });
}
