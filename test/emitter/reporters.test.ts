/** What components report of their work, in the words of their roles, as it is recorded. */
import { expect, test } from 'vitest';
import { createEmitter, type Emitter } from '../../src/emitter/index.ts';
import { dataOf, startApp, type TestApp } from '../support/app.ts';
import { readTaskLog } from '../support/read-log.ts';

const TASK = 'survey';

/** What was recorded once all is sent: type, component, stage, message and progress. */
async function logOf(app: TestApp, emitter: Emitter): Promise<readonly string[]> {
  await emitter.flush();
  return (await readTaskLog(app.graphqlUrl, TASK)).map(
    ({ eventType, component, stage, message, progress }) =>
      `${eventType} ${component} ${stage} ${message} ${progress ?? '-'}`,
  );
}

async function estimatesOf(app: TestApp): Promise<readonly unknown[]> {
  const answer = await app.post('{ taskEvents(taskId: "survey") { nodes { estimatedTimeRemaining } } }');
  const { taskEvents } = dataOf<{ taskEvents: { nodes: { estimatedTimeRemaining: unknown }[] } }>(answer);
  return taskEvents.nodes.map(({ estimatedTimeRemaining }) => estimatedTimeRemaining);
}

test('run tells of the whole of a work, and gives what it gives', async () => {
  await using app = await startApp();
  await using emitter = createEmitter({ url: app.graphqlUrl });
  const task = emitter.task(TASK);
  void task.started('Survey 24 listings');
  const found = await task.component('search_drummer').run((report) => {
    void report.progress(0.5, '12 of 24');
    void report.warning('one has no address');
    return 24;
  });
  expect(found).toBe(24);
  void task.completed('Report written');
  expect(await logOf(app, emitter)).toEqual([
    'TASK_STARTED camina PLANNING Survey 24 listings 0',
    'DRUMMER_ASSIGNED search_drummer PLANNING assigned 0',
    'DRUMMER_STARTED search_drummer DATA_GATHERING started 0',
    'PROGRESS_UPDATE search_drummer DATA_GATHERING 12 of 24 0.5',
    'WARNING search_drummer DATA_GATHERING one has no address -',
    'DRUMMER_COMPLETED search_drummer DATA_GATHERING completed 1',
    'TASK_COMPLETED camina COMPLETE Report written 1',
  ]);
});

test('a work that throws has failed with its words, and run throws the same', async () => {
  await using app = await startApp();
  await using emitter = createEmitter({ url: app.graphqlUrl });
  const task = emitter.task(TASK, { component: 'lead' });
  const error = new Error('the permit office is closed');
  const work = task.component('permit_belter').run(async () => {
    throw error;
  });
  await expect(work).rejects.toBe(error);
  void task.failed(error);
  expect((await logOf(app, emitter)).slice(2)).toEqual([
    'BELTER_FAILED permit_belter ANALYSIS the permit office is closed -',
    'TASK_FAILED lead FAILED the permit office is closed -',
  ]);
});

test('who says how the work ended is not contradicted', async () => {
  await using app = await startApp();
  await using emitter = createEmitter({ url: app.graphqlUrl });
  const component = emitter.task(TASK).component('a_drummer');
  await component.run((report) => void report.completed('24 found'));
  await component.run((report) => void report.failed('none found'));
  await component.run(() => undefined);
  const types = (await logOf(app, emitter)).map((line) => line.split(' ')[0]);
  expect(types.filter((type) => /COMPLETED|FAILED/.test(type ?? ''))).toEqual([
    'DRUMMER_COMPLETED',
    'DRUMMER_FAILED',
    'DRUMMER_COMPLETED',
  ]);
});

test('roles, stages and types of events can be said', async () => {
  await using app = await startApp();
  await using emitter = createEmitter({ url: app.graphqlUrl });
  const task = emitter.task(TASK);
  const plain = task.component('writer');
  void plain.started();
  void plain.failed('out of ink');
  const belter = task.component('writer', {
    role: 'belter',
    stage: 'SYNTHESIS',
    eventTypes: { progress: 'DATA_PROCESSING' },
  });
  void belter.assigned('write it');
  void belter.progress(1.0000000001, undefined, { details: { pages: 3 }, stage: 'REVIEW' });
  void belter.completed();
  expect(await logOf(app, emitter)).toEqual([
    'PROGRESS_UPDATE writer ANALYSIS started 0',
    'ERROR writer ANALYSIS out of ink -',
    'BELTER_ASSIGNED writer PLANNING write it 0',
    'DATA_PROCESSING writer REVIEW 100 % 1',
    'BELTER_COMPLETED writer SYNTHESIS completed 1',
  ]);
});

test('the time that is left comes from the rate so far, when it is asked for', async () => {
  await using app = await startApp();
  await using emitter = createEmitter({ url: app.graphqlUrl });
  const task = emitter.task(TASK);
  await task.component('a_drummer').run(
    (report) => {
      void report.progress(0);
      void report.progress(0.5);
      void report.progress(1);
      void report.progress(0.5, 'half', { estimatedTimeRemaining: 'soon' });
    },
    { eta: true },
  );
  await task.component('b_drummer').run((report) => void report.progress(0.5));
  await emitter.flush();
  const estimates = await estimatesOf(app);
  expect(estimates.slice(2, 6)).toEqual([null, expect.stringMatching(/^\d+ seconds?$/), '0 seconds', 'soon']);
  expect(estimates.slice(6).every((estimate) => estimate === null)).toBe(true);
});

test('an error with a long story is cut to what the server takes', async () => {
  await using app = await startApp();
  await using emitter = createEmitter({ url: app.graphqlUrl });
  await emitter
    .task(TASK)
    .component('a_drummer')
    .failed(new Error('ä€😀'.repeat(1_000)));
  const [event] = await readTaskLog(app.graphqlUrl, TASK);
  const bytes = Buffer.byteLength(event?.message ?? '');
  expect(bytes).toBeGreaterThan(2_040);
  expect(bytes).toBeLessThanOrEqual(2_048);
  expect(event?.message.isWellFormed()).toBe(true);
});

test('nothing that a report has to say is in the way of the work', async () => {
  // Nobody is there.
  const stop = new AbortController();
  const emitter = createEmitter({ url: 'http://127.0.0.1:9/graphql', signal: stop.signal });
  expect(
    await emitter
      .task(TASK)
      .component('a_drummer')
      .run(() => 'done'),
  ).toBe('done');
  stop.abort();
});
