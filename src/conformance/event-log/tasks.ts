/** Pages of tasks: their order, where a page ended, and the conditions. */
import { expect, test } from 'vitest';
import type { EventLog, TaskConditions, TaskHead, TaskQuery } from '../../log/event-log.ts';
import { logOptions, LONG_AGO, newEvent, openForAll } from './support.ts';
import type { LogUnderTest } from './support.ts';

export function testTasks(driver: LogUnderTest): void {
  testOrder(driver);
  testConditions(driver);
}

function testOrder({ open }: LogUnderTest): void {
  test('tasks come by start, latest first, then by id as code units', async () => {
    await using log = await open(logOptions());
    const starts: readonly [string, number][] = [
      ['b', 10],
      ['old', -5_000_000_000_000],
      ['B', 10],
      ['a-b', 10],
      ['a.b', 10],
      ['a', 10],
      ['a_b', 10],
      ['Z', 20],
      ['10', 10],
      ['9', 10],
    ];
    for (const [taskId, start] of starts) await begin(log, taskId, LONG_AGO + start);
    expect(ids(await log.tasks({ limit: 100 }))).toEqual(['Z', '10', '9', 'B', 'a', 'a-b', 'a.b', 'a_b', 'b', 'old']);
  });

  test('pages of any size join to the whole list, also between tasks that began at once', async () => {
    await using log = await open(logOptions());
    for (let index = 0; index < 23; index += 1) await begin(log, `t${index}`, LONG_AGO + (index % 4));
    const whole = await log.tasks({ limit: 100 });
    expect(whole).toHaveLength(23);
    for (const limit of [1, 2, 5, 23, 24]) {
      const paged: TaskHead[] = [];
      for (;;) {
        const last = paged.at(-1);
        const after = last && { startedAt: last.progress.startedAt, taskId: last.progress.taskId };
        const page = await log.tasks({ limit, after });
        if (page.length === 0) break;
        expect(page.length).toBeLessThanOrEqual(limit);
        paged.push(...page);
      }
      expect(paged).toEqual(whole);
    }
  });

  test('a place may be one where no task is', async () => {
    await using log = await open(logOptions());
    for (const [index, taskId] of ['a', 'c', 'e'].entries()) await begin(log, taskId, LONG_AGO - index);
    expect(ids(await log.tasks({ limit: 9, after: { startedAt: LONG_AGO, taskId: 'b' } }))).toEqual(['c', 'e']);
    expect(ids(await log.tasks({ limit: 9, after: { startedAt: LONG_AGO - 1, taskId: 'b' } }))).toEqual(['c', 'e']);
    expect(ids(await log.tasks({ limit: 9, after: { startedAt: LONG_AGO - 9, taskId: 'a' } }))).toEqual([]);
  });

  test('each task is listed as its head', async () => {
    await using log = await open(logOptions());
    await log.initTask({ taskId: 'empty', title: 'No events', labels: ['x'] });
    await begin(log, 'a', LONG_AGO);
    await log.append([newEvent({ taskId: 'a', eventId: 'more', component: 'second', progress: 0.5 })]);
    const listed = await log.tasks({ limit: 100 });
    expect(listed).toEqual([await log.head('empty'), await log.head('a')]);
  });

  test('by update: the latest first, then by id', async () => {
    await using log = await open(logOptions());
    await log.append([
      newEvent({ taskId: 'a', eventId: '1', timestamp: LONG_AGO }),
      newEvent({ taskId: 'b', eventId: '1', timestamp: LONG_AGO + 5 }),
      newEvent({ taskId: 'd', eventId: '1', timestamp: LONG_AGO + 3 }),
      newEvent({ taskId: 'c', eventId: '1', timestamp: LONG_AGO + 3 }),
    ]);
    expect(ids(await log.tasks({ limit: 9, order: 'updated' }))).toEqual(['b', 'c', 'd', 'a']);
    await log.append([newEvent({ taskId: 'a', eventId: '2', timestamp: LONG_AGO + 9 })]);
    expect(ids(await log.tasks({ limit: 2, order: 'updated' }))).toEqual(['a', 'b']);
    expect(ids(await log.tasks({ limit: 2, order: 'started' }))).toEqual(['b', 'c']);
  });
}

function testConditions(driver: LogUnderTest): void {
  const cases: readonly (readonly [string, TaskConditions, readonly string[]])[] = [
    ['none', {}, ['run_1', 'runX1', 'Run_1', 'done', 'dead', 'idle']],
    ['a status', { statuses: ['completed'] }, ['done']],
    ['either of two statuses', { statuses: ['completed', 'failed'] }, ['done', 'dead']],
    ['a stage', { stages: ['review'] }, ['runX1', 'done']],
    ['the stage before any event', { stages: ['planning'] }, ['idle']],
    ['a prefix', { taskIdPrefix: 'd' }, ['done', 'dead']],
    ['a prefix with a wildcard of SQL in it', { taskIdPrefix: 'run_' }, ['run_1']],
    ['a prefix in its case', { taskIdPrefix: 'Run' }, ['Run_1']],
    ['a whole id as a prefix', { taskIdPrefix: 'dead' }, ['dead']],
    ['an empty prefix', { taskIdPrefix: '' }, ['run_1', 'runX1', 'Run_1', 'done', 'dead', 'idle']],
    ['a prefix nobody has', { taskIdPrefix: '%' }, []],
    ['a label', { labels: ['blue'] }, ['idle']],
    ['any of several labels', { labels: ['red', 'blue'] }, ['idle']],
    ['a part of a label', { labels: ['blu'] }, []],
    ['a label in another case', { labels: ['Blue'] }, []],
    ['a label with quotes and wildcards', { labels: ['50 % "off"_\u0000'] }, ['idle']],
    ['a wildcard', { labels: ['%'] }, []],
    ['begun after', { startedAfter: LONG_AGO + 3 }, ['run_1', 'runX1', 'idle']],
    ['begun before', { startedBefore: LONG_AGO + 2 }, ['dead']],
    ['begun between', { startedAfter: LONG_AGO + 1, startedBefore: LONG_AGO + 4 }, ['Run_1', 'done']],
    ['all at once', { statuses: ['running'], stages: ['review'], taskIdPrefix: 'run' }, ['runX1']],
    ['no status at all', { statuses: [] }, []],
    ['no stage at all', { stages: [] }, []],
    ['no label at all', { labels: [] }, []],
  ];

  const shared = openForAll(driver, logOptions(), async (log) => {
    await log.append([
      newEvent({ taskId: 'run_1', eventId: '1', timestamp: LONG_AGO + 5 }),
      newEvent({ taskId: 'runX1', eventId: '1', timestamp: LONG_AGO + 4, stage: 'review' }),
      newEvent({ taskId: 'Run_1', eventId: '1', timestamp: LONG_AGO + 3 }),
      newEvent({ taskId: 'done', eventId: '1', timestamp: LONG_AGO + 2, stage: 'review', eventType: 'task_completed' }),
      newEvent({ taskId: 'dead', eventId: '1', timestamp: LONG_AGO + 1, eventType: 'task_failed', stage: 'failed' }),
    ]);
    await log.initTask({ taskId: 'idle', labels: ['blue', '50 % "off"_\u0000', 'a,b'] });
  });

  test.each(cases)('conditions: %s', async (_, conditions, expected) => {
    const log = shared();
    const inOrder = (query: Partial<TaskQuery>) => log.tasks({ ...conditions, ...query, limit: 100 });
    // A task that was only announced began when it was: later than all events here.
    const wanted = [...expected].toSorted((one, other) => Number(other === 'idle') - Number(one === 'idle'));
    const matching = ids(await inOrder({}));
    expect(matching).toEqual(wanted);
    expect(ids(await inOrder({ order: 'updated' })).toSorted()).toEqual(matching.toSorted());
    // Conditions come before the page is cut.
    expect(ids(await log.tasks({ ...conditions, limit: 1 }))).toEqual(wanted.slice(0, 1));
  });
}

async function begin(log: EventLog, taskId: string, startedAt: number): Promise<void> {
  await log.append([newEvent({ taskId, eventId: 'first', timestamp: startedAt })]);
}

function ids(heads: readonly TaskHead[]): readonly string[] {
  return heads.map(({ progress }) => progress.taskId);
}
