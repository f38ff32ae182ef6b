/** Reading: what was recorded, in order, page by page, and the state of a task at any place of its log. */
import { expect, test } from 'vitest';
import { createHarness, emitAll, GOOD_EVENT, type Harness, type Variables } from './harness.ts';

const PAGE = `fragment Page on TaskEventConnection {
  nodes { sequence }
  edges { cursor node { sequence cursor } }
  pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  gap
}`;
const EVENTS = `query ($taskId: ID! = "survey", $first: Int, $after: String, $last: Int, $before: String,
  $afterSequence: Int, $filter: TaskEventFilter) {
  taskEvents(taskId: $taskId, first: $first, after: $after, last: $last, before: $before,
    afterSequence: $afterSequence, filter: $filter) { ...Page }
} ${PAGE}`;

interface PageInfo {
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  readonly startCursor: string | null;
  readonly endCursor: string | null;
}
interface EventPage {
  readonly nodes: readonly { readonly sequence: number }[];
  readonly edges: readonly { readonly cursor: string; readonly node: { readonly cursor: string } }[];
  readonly pageInfo: PageInfo;
  readonly gap: string | null;
}

async function readEvents(harness: Harness, variables: Variables = {}): Promise<EventPage & { sequences: number[] }> {
  const { taskEvents } = await harness.ask<{ taskEvents: EventPage }>(EVENTS, variables);
  return { ...taskEvents, sequences: taskEvents.nodes.map(({ sequence }) => sequence) };
}

/** Six events of `survey`, of two components by turns. Gives the cursor after each. */
async function emitSix(harness: Harness): Promise<readonly string[]> {
  return emitAll(
    harness,
    [1, 2, 3, 4, 5, 6].map((n) => ({
      eventId: `e${n}`,
      component: n % 2 === 0 ? 'drummer' : 'camina',
      progress: n / 10,
    })),
  );
}

test('an unknown task is null, and its log as well', async () => {
  await using harness = createHarness();
  const document = `{ task(id: "nobody") { id } taskProgress(taskId: "nobody") { stage }
    at: taskProgress(taskId: "nobody", atSequence: 3) { stage } taskEvents(taskId: "nobody") { gap } }`;
  await expect(harness.ask(document)).resolves.toEqual({ task: null, taskProgress: null, at: null, taskEvents: null });
});

test('a task shows what it was begun with and what it is now', async () => {
  await using harness = createHarness();
  await harness.ask(
    'mutation { initTask(input: { taskId: "survey", title: "Survey", labels: ["a", "b"] }) { created } }',
  );
  await emitSix(harness);
  const document = `{ task(id: "survey") { id title labels createdAt
    progress { taskId status stage startedAt lastUpdate overallProgress displayProgress sequence cursor
      components { name status progress stage message startedAt lastUpdate } }
    events(first: 1) { nodes { id eventId taskId sequence eventType component stage message details progress
      estimatedTimeRemaining cursor } } } }`;
  const { task } = await harness.ask<{ task: { createdAt: string } }>(document);
  expect(new Date(task.createdAt).toISOString()).toBe(task.createdAt);
  expect(task).toMatchObject({
    id: 'survey',
    title: 'Survey',
    labels: ['a', 'b'],
    progress: {
      taskId: 'survey',
      status: 'RUNNING',
      stage: 'PLANNING',
      sequence: 6,
      components: [
        { name: 'camina', status: 'TASK_STARTED', progress: 0.5 },
        { name: 'drummer', status: 'TASK_STARTED', progress: 0.6 },
      ],
    },
    events: {
      nodes: [
        {
          id: 'survey#1',
          eventId: 'e1',
          taskId: 'survey',
          sequence: 1,
          eventType: 'TASK_STARTED',
          component: 'camina',
          stage: 'PLANNING',
          message: 'planning the survey',
          details: null,
          progress: 0.1,
          estimatedTimeRemaining: null,
        },
      ],
    },
  });
});

test('the last event of a task is the one that its progress ends with, if it is kept', async () => {
  await using harness = createHarness();
  await harness.ask('mutation { initTask(input: { taskId: "begun" }) { created } }');
  await emitSix(harness);
  const document =
    'query ($id: ID!) { task(id: $id) { progress { sequence } lastEvent { sequence component message cursor } } }';
  await expect(harness.ask(document, { id: 'begun' })).resolves.toEqual({
    task: { progress: { sequence: 0 }, lastEvent: null },
  });
  const { taskEvents } = await harness.ask<{ taskEvents: { nodes: readonly object[] } }>(
    '{ taskEvents(taskId: "survey", last: 1) { nodes { sequence component message cursor } } }',
  );
  const before = await harness.ask(document, { id: 'survey' });
  expect(before).toEqual({ task: { progress: { sequence: 6 }, lastEvent: taskEvents.nodes[0] } });
  await harness.log.trim('survey', 6);
  await expect(harness.ask(document, { id: 'survey' })).resolves.toMatchObject({ task: { lastEvent: null } });
});

test('progress is told as of any event that is kept', async () => {
  await using harness = createHarness();
  const cursors = await emitSix(harness);
  const document =
    'query ($at: Int) { taskProgress(taskId: "survey", atSequence: $at) { sequence cursor components { name } } }';
  for (const [index, cursor] of cursors.entries()) {
    await expect(harness.ask(document, { at: index + 1 })).resolves.toMatchObject({
      taskProgress: { sequence: index + 1, cursor },
    });
  }
  await expect(harness.ask(document, { at: 0 })).resolves.toMatchObject({
    taskProgress: { sequence: 0, components: [] },
  });
  await expect(harness.ask(document, { at: null })).resolves.toMatchObject({ taskProgress: { sequence: 6 } });

  await harness.log.trim('survey', 3);
  for (const at of [7, 2, 2_147_483_647]) {
    await expect(harness.fail(document, { at })).resolves.toEqual([{ code: 'BAD_USER_INPUT', paths: ['atSequence'] }]);
  }
  await expect(harness.ask(document, { at: 3 })).resolves.toMatchObject({ taskProgress: { sequence: 3 } });
});

test('pages forwards give every event once, in order, each with its cursor', async () => {
  await using harness = createHarness();
  const cursors = await emitSix(harness);
  const first = await readEvents(harness, { first: 4 });
  expect(first.sequences).toEqual([1, 2, 3, 4]);
  expect(first.edges.map(({ cursor }) => cursor)).toEqual(cursors.slice(0, 4));
  expect(first.edges.map(({ node }) => node.cursor)).toEqual(cursors.slice(0, 4));
  expect(first.gap).toBeNull();
  expect(first.pageInfo).toEqual({
    hasNextPage: true,
    hasPreviousPage: false,
    startCursor: cursors[0],
    endCursor: cursors[3],
  });
  const second = await readEvents(harness, { first: 4, after: first.pageInfo.endCursor });
  expect(second.sequences).toEqual([5, 6]);
  expect(second.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true, endCursor: cursors[5] });
  const third = await readEvents(harness, { first: 4, after: second.pageInfo.endCursor });
  expect(third).toMatchObject({ sequences: [], pageInfo: { hasNextPage: false, endCursor: cursors[5] } });
});

test('pages backwards end before the cursor', async () => {
  await using harness = createHarness();
  const cursors = await emitSix(harness);
  const last = await readEvents(harness, { last: 2 });
  expect(last).toMatchObject({ sequences: [5, 6], pageInfo: { hasNextPage: false, hasPreviousPage: true } });
  const before = await readEvents(harness, { last: 2, before: last.pageInfo.startCursor });
  expect(before).toMatchObject({ sequences: [3, 4], pageInfo: { hasNextPage: true, hasPreviousPage: true } });
  await expect(readEvents(harness, { before: cursors[2] })).resolves.toMatchObject({ sequences: [1, 2] });
});

test('a page begins after an event number, too', async () => {
  await using harness = createHarness();
  await emitSix(harness);
  await expect(readEvents(harness, { afterSequence: 4 })).resolves.toMatchObject({ sequences: [5, 6], gap: null });
  await expect(readEvents(harness, { afterSequence: 0 })).resolves.toMatchObject({ sequences: [1, 2, 3, 4, 5, 6] });
  await expect(readEvents(harness, { afterSequence: 99 })).resolves.toMatchObject({ sequences: [] });
});

test.each([
  ['a type', { eventTypes: ['TASK_STARTED'] }, [1, 2, 3, 4, 5, 6]],
  ['another type', { eventTypes: ['WARNING', 'ERROR'] }, []],
  ['a component', { components: ['drummer'] }, [2, 4, 6]],
  ['a stage', { stages: ['PLANNING', 'REVIEW'] }, [1, 2, 3, 4, 5, 6]],
  ['all of them', { eventTypes: ['TASK_STARTED'], components: ['camina'], stages: ['PLANNING'] }, [1, 3, 5]],
  ['an empty list', { components: [] }, []],
  ['nulls, which count as left out', { eventTypes: null, components: null, stages: null }, [1, 2, 3, 4, 5, 6]],
  ['null', null, [1, 2, 3, 4, 5, 6]],
])('a filter on %s gives what matches', async (_title, filter, sequences) => {
  await using harness = createHarness();
  const cursors = await emitSix(harness);
  const page = await readEvents(harness, { filter });
  expect(page.sequences).toEqual(sequences);
  expect(page.pageInfo.endCursor).toBe(cursors[5]);
});

test('a cursor that no longer leads on is told as a gap, and the page begins with the oldest event kept', async () => {
  await using harness = createHarness();
  const cursors = await emitSix(harness);
  await harness.log.trim('survey', 3);
  await expect(readEvents(harness, { after: cursors[0] })).resolves.toMatchObject({
    sequences: [4, 5, 6],
    gap: 'EXPIRED',
  });
  const foreign = `${cursors[3]?.slice(0, -4)}0000`;
  await expect(readEvents(harness, { after: foreign })).resolves.toMatchObject({
    sequences: [4, 5, 6],
    gap: 'DIVERGED',
  });
});

interface TaskPage {
  readonly tasks: {
    readonly nodes: readonly { readonly id: string }[];
    readonly edges: readonly { readonly cursor: string }[];
    readonly pageInfo: PageInfo;
  };
}
const TASKS = `query ($first: Int, $after: String, $filter: TaskFilter) {
  tasks(first: $first, after: $after, filter: $filter) {
    nodes { id } edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}`;

/** Three tasks that began an hour apart: a, then b, then c. */
async function emitThreeTasks(harness: Harness): Promise<void> {
  await harness.ask('mutation { initTask(input: { taskId: "c", labels: ["night", "big"] }) { created } }');
  await emitAll(harness, [
    { taskId: 'a', timestamp: '2001-01-01T00:00:00Z' },
    { taskId: 'b', timestamp: '2001-01-01T01:00:00Z', stage: 'REVIEW' },
    { taskId: 'c', eventType: 'TASK_COMPLETED' },
  ]);
}

async function readTasks(harness: Harness, variables: Variables = {}): Promise<TaskPage['tasks'] & { ids: string[] }> {
  const { tasks } = await harness.ask<TaskPage>(TASKS, variables);
  return { ...tasks, ids: tasks.nodes.map(({ id }) => id) };
}

test('tasks come the most recently started first, page by page', async () => {
  await using harness = createHarness();
  await emitThreeTasks(harness);
  const first = await readTasks(harness, { first: 2 });
  expect(first.ids).toEqual(['c', 'b']);
  expect(first.pageInfo).toEqual({
    hasNextPage: true,
    hasPreviousPage: false,
    startCursor: first.edges[0]?.cursor,
    endCursor: first.edges[1]?.cursor,
  });
  const second = await readTasks(harness, { first: 2, after: first.pageInfo.endCursor });
  expect(second).toMatchObject({ ids: ['a'], pageInfo: { hasNextPage: false, hasPreviousPage: true } });
});

test.each([
  ['a status', { statuses: ['COMPLETED', 'FAILED'] }, ['c']],
  ['a stage', { stages: ['REVIEW'] }, ['b']],
  ['a beginning of the id', { taskIdPrefix: 'b' }, ['b']],
  ['the empty beginning', { taskIdPrefix: '' }, ['c', 'b', 'a']],
  ['labels', { labels: ['big', 'small'] }, ['c']],
  ['a start after', { startedAfter: '2001-01-01T00:00:00Z' }, ['c', 'b']],
  ['a start before', { startedBefore: '2001-01-01T02:00:00+01:00' }, ['a']],
  ['an empty list', { statuses: [] }, []],
  ['nulls, which count as left out', { statuses: null, taskIdPrefix: null, startedAfter: null }, ['c', 'b', 'a']],
])('a filter of tasks by %s gives what matches', async (_title, filter, ids) => {
  await using harness = createHarness();
  await emitThreeTasks(harness);
  const page = await readTasks(harness, { filter });
  expect(page.ids).toEqual(ids);
});

test('observations come oldest first, of one task or of all', async () => {
  await using harness = createHarness();
  const publish =
    'mutation ($input: PublishObservationInput!) { publishObservation(input: $input) { observation { cursor } } }';
  for (const [index, taskId] of ['a', null, 'b', 'a'].entries()) {
    await harness.ask(publish, { input: { id: `o${index}`, content: `word ${index}`, taskId, metadata: { index } } });
  }
  const document = `query ($taskId: ID, $first: Int, $after: String) {
    observations(taskId: $taskId, first: $first, after: $after) {
      nodes { id content taskId metadata timestamp cursor } edges { cursor node { id } }
      pageInfo { hasNextPage endCursor }
    }
  }`;
  const all = await harness.ask<{ observations: { pageInfo: PageInfo } }>(document, { first: 3 });
  expect(all).toMatchObject({
    observations: {
      nodes: [
        { id: 'o0', content: 'word 0', taskId: 'a', metadata: { index: 0 } },
        { id: 'o1', taskId: null },
        { id: 'o2', taskId: 'b' },
      ],
      pageInfo: { hasNextPage: true },
    },
  });
  await expect(harness.ask(document, { after: all.observations.pageInfo.endCursor })).resolves.toMatchObject({
    observations: { nodes: [{ id: 'o3' }], pageInfo: { hasNextPage: false } },
  });
  await expect(harness.ask(document, { taskId: 'a' })).resolves.toMatchObject({
    observations: { nodes: [{ id: 'o0' }, { id: 'o3' }] },
  });
});

test('the log of a task and the log under the task are the same', async () => {
  await using harness = createHarness();
  const cursors = await emitSix(harness);
  const args = 'first: 2, after: $after, filter: { components: ["drummer"] }';
  const document = `query ($after: String) {
    task(id: "survey") { events(${args}) { ...Page } }
    taskEvents(taskId: "${GOOD_EVENT.taskId}", ${args}) { ...Page }
  } ${PAGE}`;
  const data = await harness.ask<{ task: { events: EventPage }; taskEvents: EventPage }>(document, {
    after: cursors[1],
  });
  expect(data.task.events).toEqual(data.taskEvents);
  expect(data.taskEvents.nodes).toEqual([{ sequence: 4 }, { sequence: 6 }]);
});
