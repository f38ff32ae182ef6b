/** Writing: what is acknowledged is recorded once, in order, and shown with the task as it is then. */
import { expect, test, vi } from 'vitest';
import { createHarness, EMIT, emitAll, GOOD_EVENT } from './harness.ts';

const EMIT_MANY = `mutation ($inputs: [EmitEventInput!]!) {
  emitEvents(inputs: $inputs) {
    results { duplicate event { taskId sequence eventId } task { id progress { sequence } } }
  }
}`;

test('initTask begins a task, and doing it again changes nothing', async () => {
  await using harness = createHarness();
  const document = `mutation ($input: InitTaskInput!) {
    initTask(input: $input) { created task { id title labels progress { sequence status stage } } }
  }`;
  const task = {
    id: 'survey',
    title: 'Survey',
    labels: ['a'],
    progress: { sequence: 0, status: 'RUNNING', stage: 'PLANNING' },
  };
  const first = await harness.ask(document, { input: { taskId: 'survey', title: 'Survey', labels: ['a'] } });
  expect(first).toEqual({ initTask: { created: true, task } });
  const second = await harness.ask(document, { input: { taskId: 'survey', title: 'Other' } });
  expect(second).toEqual({ initTask: { created: false, task } });
});

test('emitEvent answers with the event and the task, this event folded in', async () => {
  await using harness = createHarness();
  const document = `mutation ($input: EmitEventInput!) {
    emitEvent(input: $input) {
      duplicate
      event { id eventId taskId sequence eventType component stage message details progress estimatedTimeRemaining }
      task { id progress { sequence stage overallProgress components { name status } } }
    }
  }`;
  const input = {
    eventId: 'e1',
    taskId: 'survey',
    eventType: 'DATA_GATHERING',
    component: 'property_belter',
    stage: 'DATA_GATHERING',
    message: 'fetching',
    details: { pages: 3 },
    progress: 0.25,
    estimatedTimeRemaining: '2 minutes',
  };
  await expect(harness.ask(document, { input })).resolves.toEqual({
    emitEvent: {
      duplicate: false,
      event: { ...input, id: 'survey#1', sequence: 1 },
      task: {
        id: 'survey',
        progress: {
          sequence: 1,
          stage: 'DATA_GATHERING',
          overallProgress: 0.25,
          components: [{ name: 'property_belter', status: 'DATA_GATHERING' }],
        },
      },
    },
  });
});

test('null is the same as left out', async () => {
  await using harness = createHarness();
  const nulls = { eventId: null, timestamp: null, details: null, progress: null, estimatedTimeRemaining: null };
  await emitAll(harness, [nulls]);
  const published = await harness.ask(
    `mutation { publishObservation(input: { id: null, timestamp: null, content: "x", taskId: null, metadata: null }) {
      observation { taskId metadata } duplicate } }`,
  );
  expect(published).toEqual({ publishObservation: { observation: { taskId: null, metadata: {} }, duplicate: false } });
  await harness.ask('mutation { initTask(input: { taskId: "bare", title: null, labels: null }) { created } }');
  await expect(harness.ask('{ task(id: "bare") { title labels } }')).resolves.toEqual({
    task: { title: null, labels: [] },
  });
});

test('a retry is answered with the first event, and recorded once', async () => {
  await using harness = createHarness();
  const input = { ...GOOD_EVENT, eventId: 'e1', details: { a: 1, b: 2 } };
  const first = await harness.ask<{ emitEvent: { event: unknown } }>(EMIT, { input });
  const retry = await harness.ask(EMIT, { input: { ...input, details: { b: 2, a: 1 }, progress: null } });
  expect(retry).toEqual({ emitEvent: { duplicate: true, event: first.emitEvent.event } });
  await expect(harness.stored()).resolves.toBe(2);
});

test('-0 is stored as 0', async () => {
  await using harness = createHarness();
  const document = `mutation { emitEvent(input: { taskId: "survey", eventType: TASK_STARTED, component: "camina",
    stage: PLANNING, message: "", progress: -0.0 }) { event { progress } } }`;
  const { emitEvent } = await harness.ask<{ emitEvent: { event: { progress: number } } }>(document);
  expect(emitEvent.event.progress).toBe(0);
});

test('emitEvents records events of any tasks in their order, and reads each task once for the answer', async () => {
  await using harness = createHarness();
  const reads = vi.spyOn(harness.manager, 'getTask');
  const inputs = ['a', 'b', 'a', 'a'].map((taskId, index) => ({ ...GOOD_EVENT, taskId, eventId: `e${index}` }));
  const { emitEvents } = await harness.ask<{ emitEvents: { results: readonly unknown[] } }>(EMIT_MANY, { inputs });
  const result = (taskId: string, sequence: number, eventId: string, head: number): unknown => ({
    duplicate: false,
    event: { taskId, sequence, eventId },
    task: { id: taskId, progress: { sequence: head } },
  });
  expect(emitEvents.results).toEqual([
    result('a', 1, 'e0', 3),
    result('b', 1, 'e1', 1),
    result('a', 2, 'e2', 3),
    result('a', 3, 'e3', 3),
  ]);
  expect(reads.mock.calls).toEqual([['a'], ['b']]);
});

test('the task of an event is not read when nobody asks for it', async () => {
  await using harness = createHarness();
  const reads = vi.spyOn(harness.manager, 'getTask');
  await emitAll(harness, [{}]);
  expect(reads).not.toHaveBeenCalled();
});

test('an event of an unknown task begins it, and one after the end is recorded and moves nothing', async () => {
  await using harness = createHarness();
  await emitAll(harness, [
    { progress: 0.5 },
    { eventType: 'TASK_COMPLETED' },
    { component: 'late', stage: 'REVIEW', progress: 0.1 },
  ]);
  await expect(
    harness.ask('{ taskProgress(taskId: "survey") { status stage sequence displayProgress components { name } } }'),
  ).resolves.toEqual({
    taskProgress: {
      status: 'COMPLETED',
      stage: 'PLANNING',
      sequence: 3,
      displayProgress: 1,
      components: [{ name: 'camina' }],
    },
  });
});

test('an observation is recorded once, and begins no task', async () => {
  await using harness = createHarness();
  const document = `mutation ($input: PublishObservationInput!) {
    publishObservation(input: $input) { duplicate observation { id content taskId metadata timestamp } }
  }`;
  const observation = {
    id: 'o1',
    content: 'quiet today',
    taskId: 'survey',
    metadata: { mood: 'calm' },
    timestamp: '2026-11-23T06:37:34.799Z',
  };
  await expect(harness.ask(document, { input: observation })).resolves.toEqual({
    publishObservation: { duplicate: false, observation },
  });
  await expect(harness.ask(document, { input: observation })).resolves.toEqual({
    publishObservation: { duplicate: true, observation },
  });
  await expect(harness.ask('{ task(id: "survey") { id } }')).resolves.toEqual({ task: null });
});

test('component names are plain data, whatever they mean elsewhere', async () => {
  await using harness = createHarness();
  const names = ['__proto__', 'constructor', 'toString', 'камина', '工人', 'a b', '}{', '*'];
  await emitAll(
    harness,
    names.map((component, index) => ({ component, progress: index / 10 })),
  );
  const { taskProgress } = await harness.ask<{ taskProgress: { components: unknown } }>(
    '{ taskProgress(taskId: "survey") { components { name progress } } }',
  );
  expect(taskProgress.components).toEqual(names.map((name, index) => ({ name, progress: index / 10 })));
});

test('ids that mean something elsewhere are ids of their own', async () => {
  await using harness = createHarness();
  const ids = [
    'constructor',
    'toString',
    'hasOwnProperty',
    'a:b',
    'a',
    'b',
    'A',
    'a.b',
    'a/b',
    'a=b',
    'a~b',
    'a@b',
    'a+b',
  ];
  await emitAll(
    harness,
    ids.map((taskId) => ({ taskId, message: taskId })),
  );
  for (const id of ids) {
    await expect(
      harness.ask('query ($id: ID!) { taskEvents(taskId: $id) { nodes { taskId message } } }', { id }),
    ).resolves.toEqual({ taskEvents: { nodes: [{ taskId: id, message: id }] } });
  }
});

test('deleteTask forgets the task, says whether there was one, and boards and streams hear of it', async () => {
  await using harness = createHarness();
  await emitAll(harness, [{}, { taskId: 'other' }]);
  await using board = await harness.watch<{ readonly removed: readonly string[] }>(
    'subscription { tasks { removed } }',
  );
  await board.next();
  await using states = await harness.watch('subscription { taskProgress(taskId: "survey") { sequence } }');
  await states.next();
  const failure = states.next().catch((error: unknown) => error);
  const document = 'mutation ($taskId: ID!) { deleteTask(taskId: $taskId) { deleted } }';
  await expect(harness.ask(document, { taskId: 'survey' })).resolves.toEqual({ deleteTask: { deleted: true } });
  expect(await failure).toMatchObject({ message: 'The task "survey" was deleted.' });
  await expect(board.next()).resolves.toEqual({ removed: ['survey'] });
  for (const taskId of ['survey', 'no such id, nor one that could be']) {
    await expect(harness.ask(document, { taskId })).resolves.toEqual({ deleteTask: { deleted: false } });
  }
  await expect(harness.ask('{ task(id: "survey") { id } }')).resolves.toEqual({ task: null });
  await expect(harness.ask('{ task(id: "other") { id } }')).resolves.toEqual({ task: { id: 'other' } });
});
