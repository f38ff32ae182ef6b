import http from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EMIT, GOOD_EVENT, startApp, type Answer, type TestApp } from '../support/app.ts';
import { settlesWithin, waitFor } from '../support/wait-for.ts';
import { breakLog } from './faults.ts';

const WATCH = `subscription ($taskId: ID!, $after: String, $replay: Boolean) {
  taskUpdates(taskId: $taskId, after: $after, replay: $replay) { __typename cursor progress { sequence } }
}`;

interface Update {
  readonly data?: {
    readonly taskUpdates: {
      readonly __typename: string;
      readonly cursor: string;
      readonly progress: { readonly sequence: number };
    };
  };
  readonly errors?: Answer['errors'];
}

let server: TestApp;
beforeAll(async () => {
  server = await startApp({ settings: { keepAliveMs: '100' } });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

/** A task of its own with so many events. @returns the cursors just after them. */
async function begin(taskId: string, count: number): Promise<readonly string[]> {
  const cursors: string[] = [];
  for (let number = 0; number < count; number += 1) cursors.push(await server.emit({ taskId }));
  return cursors;
}

function step({ data }: Update): string {
  return `${data?.taskUpdates.__typename} ${data?.taskUpdates.progress.sequence}`;
}

describe('the stream', () => {
  test('is in the grammar of event streams, each frame with its cursor as id, and ends with complete', async () => {
    const taskId = 'grammar';
    const [one] = await begin(taskId, 1);
    const two = await server.emit({ taskId, eventType: 'TASK_COMPLETED' });
    const stream = await server.sse({ query: WATCH, variables: { taskId, replay: true } });
    const { whole } = await stream.ended();
    expect(whole).toBe(true);
    const data = (type: string, cursor: string | undefined, sequence: number): string =>
      `{"data":{"taskUpdates":{"__typename":"${type}","cursor":"${cursor}","progress":{"sequence":${sequence}}}}}`;
    // A keep-alive may stand between any two frames.
    expect(stream.text.replaceAll(/^:\n\n/gm, '')).toBe(
      `id: ${one}\nevent: next\ndata: ${data('TaskEventRecorded', one, 1)}\n\n` +
        `id: ${two}+\nevent: next\ndata: ${data('TaskEventRecorded', two, 2)}\n\n` +
        `id: ${two}\nevent: next\ndata: ${data('TaskEnded', two, 2)}\n\n` +
        'event: complete\ndata:\n\n',
    );
  });

  test.each([
    ['nothing but the type', 'taskUpdates(taskId: "ids") { __typename }'],
    ['the cursor under another name', 'here: taskUpdates(taskId: "ids") { place: cursor }'],
    ['a fragment', '...F } fragment F on Subscription { taskUpdates(taskId: "ids") { __typename }'],
    ['an inline fragment', '... on Subscription { taskUpdates(taskId: "ids") { __typename } }'],
  ])('carries id lines when it selects %s', async (_what, selection) => {
    const cursor = await server.emit({ taskId: 'ids' });
    await using stream = await server.sse({ query: `subscription { ${selection} }` });
    expect((await stream.next()).lastEventId).toBe(cursor);
    const next = await server.emit({ taskId: 'ids' });
    expect((await stream.next()).lastEventId).toBe(next);
  });

  test('of observations carries ids that resume it; streams that cannot be resumed carry none', async () => {
    const say = (content: string): Promise<Answer> =>
      server.post(`mutation { publishObservation(input: { content: "${content}" }) { duplicate } }`);
    const query = 'subscription { observations { __typename ... on ObservationRecorded { observation { content } } } }';
    await using first = await server.sse({ query });
    const { lastEventId } = await first.next();
    await say('a');
    await say('b');
    await using second = await server.sse({ query, lastEventId });
    expect([(await second.next()).data, (await second.next()).data]).toEqual([
      expect.stringContaining('"content":"a"'),
      expect.stringContaining('"content":"b"'),
    ]);
    await using board = await server.sse({ query: 'subscription { tasks { ready } }' });
    expect((await board.next()).lastEventId).toBe('');
  });

  test('is told to proxies, speaks at once, and goes on speaking while it is idle', async () => {
    await using stream = await server.sse({ query: WATCH, variables: { taskId: 'never-begun' } });
    expect(stream.status).toBe(200);
    expect(stream.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'x-accel-buffering': 'no',
      'cache-control': 'no-cache, no-transform',
    });
    await waitFor(() => stream.text.startsWith(':\n\n'), { withinMs: 1_000, what: 'the first comment' });
    await waitFor(() => stream.text.startsWith(':\n\n:\n\n:\n\n'), { withinMs: 2_000, what: 'two beats' });
  });

  test('that fails says so masked, and completes', async () => {
    const taskId = 'fails';
    await begin(taskId, 1);
    await using stream = await server.sse({ query: WATCH, variables: { taskId } });
    await stream.nextResult();
    const repair = breakLog(server, { read: () => Promise.reject(new Error('secret path')) });
    await server.app.manager.emit({ ...GOOD_EVENT, taskId, eventType: 'warning', stage: 'analysis' });
    const { events } = await stream.ended();
    repair();
    expect(events.map(({ type }) => type)).toEqual(['next', 'complete']);
    expect(events[0]?.data).toContain('INTERNAL_SERVER_ERROR');
    expect(stream.text).not.toContain('secret');
  });

  test('of a client that left while it was being prepared is left as well', async () => {
    const taskId = 'left-early';
    const [cursor] = await begin(taskId, 1);
    const gate = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    const { head } = server.app.log;
    const repair = breakLog(server, {
      async head(id) {
        asked.resolve();
        await gate.promise;
        return head(id);
      },
    });
    const before = server.app.stats();
    const url = `${server.graphqlUrl}?${new URLSearchParams({ query: WATCH, variables: JSON.stringify({ taskId, after: cursor }) })}`;
    const request = http.get(url, { agent: false, headers: { accept: 'text/event-stream' } });
    request.on('error', () => undefined);
    await settlesWithin(asked.promise, { withinMs: 2_000, what: 'the stream to be prepared' });
    const gone = Promise.withResolvers<void>();
    request.on('close', () => gone.resolve());
    request.destroy();
    await gone.promise;
    // The server notices by an answer that it can give only after the client's end of the connection.
    await fetch(`${server.origin}/healthz`);
    gate.resolve();
    repair();
    await fetch(`${server.origin}/healthz`);
    await waitFor(
      () => server.app.stats().followers === before.followers && server.app.stats().streams === before.streams,
      {
        withinMs: 2_000,
        what: 'nothing left of it',
      },
    );
  });
});

describe('resuming by Last-Event-ID', () => {
  test('goes on just after it, and beats `after` and `replay`', async () => {
    const taskId = 'resume';
    const [one, two] = await begin(taskId, 3);
    for (const variables of [
      { taskId },
      { taskId, after: one },
      { taskId, replay: true },
      { taskId, after: 'garbage' },
    ]) {
      await using stream = await server.sse({ query: WATCH, variables, lastEventId: two });
      expect(step(await stream.nextResult<Update>())).toBe('TaskEventRecorded 3');
    }
  });

  test('an empty one starts', async () => {
    const taskId = 'empty-id';
    await begin(taskId, 1);
    await using stream = await server.sse({ query: WATCH, variables: { taskId }, lastEventId: '' });
    expect(step(await stream.nextResult<Update>())).toBe('TaskSnapshot 1');
  });

  test.each(['garbage', '0', 'v1.1', 'v1.1.zzzzzzzzzzzzzzzz', "'; DROP TABLE event; --"])(
    '%s is 400 CURSOR_INVALID',
    async (lastEventId) => {
      await begin('malformed', 1);
      await using stream = await server.sse({ query: WATCH, variables: { taskId: 'malformed' }, lastEventId });
      await stream.ended();
      expect(stream.status).toBe(400);
      expect(stream.text).toContain('"CURSOR_INVALID"');
    },
  );

  test('two of them are 400, 2 KB and 10 KB of one are 431', async () => {
    const [cursor = ''] = await begin('headers', 1);
    const { status } = await rawGet(server, ['last-event-id', cursor, 'last-event-id', cursor]);
    expect(status).toBe(400);
    for (const length of [2_000, 10_000, 20_000]) {
      expect((await rawGet(server, ['last-event-id', 'x'.repeat(length)])).status).toBe(431);
    }
  });

  test("another task's is a gap, not an error", async () => {
    const [foreign] = await begin('foreign', 1);
    await begin('own', 2);
    await using stream = await server.sse({ query: WATCH, variables: { taskId: 'own' }, lastEventId: foreign });
    expect(step(await stream.nextResult<Update>())).toBe('TaskGap 2');
  });

  test('at the end of a final task is 204, so that the browser stays away; before the end it is not', async () => {
    const taskId = 'over';
    const [before] = await begin(taskId, 1);
    const end = await server.emit({ taskId, eventType: 'TASK_COMPLETED' });
    await using over = await server.sse({ query: WATCH, variables: { taskId }, lastEventId: end });
    await over.ended();
    expect([over.status, over.text]).toEqual([204, '']);
    await using last = await server.sse({ query: WATCH, variables: { taskId }, lastEventId: before });
    expect([step(await last.nextResult<Update>()), step(await last.nextResult<Update>())]).toEqual([
      'TaskEventRecorded 2',
      'TaskEnded 2',
    ]);
  });

  test('an EventSource that was cut off between the last event and the end is owed the end', async () => {
    const taskId = 'owed';
    await server.emit({ taskId });
    await server.emit({ taskId, eventType: 'TASK_COMPLETED' });
    await using whole = await server.sse({ query: WATCH, variables: { taskId, replay: true } });
    await whole.ended();
    const [last, ended] = Array.from(whole.text.matchAll(/^id: (.+)$/gm), ([, id]) => id).slice(-2);
    await using owed = await server.sse({ query: WATCH, variables: { taskId }, lastEventId: last });
    expect(step(await owed.nextResult<Update>())).toBe('TaskEnded 2');
    await using over = await server.sse({ query: WATCH, variables: { taskId }, lastEventId: ended });
    expect(over.status).toBe(204);
  });

  test('at the end of a task that was recorded to since is the late event, then the end again', async () => {
    const taskId = 'late';
    const end = await server.emit({ taskId, eventType: 'TASK_FAILED' });
    await begin(taskId, 1);
    await using stream = await server.sse({ query: WATCH, variables: { taskId }, lastEventId: end });
    expect(stream.status).toBe(200);
    expect([step(await stream.nextResult<Update>()), step(await stream.nextResult<Update>())]).toEqual([
      'TaskEventRecorded 2',
      'TaskEnded 2',
    ]);
  });

  test('at the head of a task that runs is not 204', async () => {
    const [cursor] = await begin('runs', 1);
    await using stream = await server.sse({ query: WATCH, variables: { taskId: 'runs' }, lastEventId: cursor });
    expect(stream.status).toBe(200);
    await server.emit({ taskId: 'runs' });
    expect(step(await stream.nextResult<Update>())).toBe('TaskEventRecorded 2');
  });
});

describe('who may ask for what', () => {
  test('a query by GET is answered as a stream of one', async () => {
    await using stream = await server.sse({ query: '{ __typename }' });
    const { events } = await stream.ended();
    expect(events.map(({ type, data }) => [type, data])).toEqual([
      ['next', '{"data":{"__typename":"Query"}}'],
      ['complete', ''],
    ]);
  });

  test('a mutation by GET is 405 and changes nothing; by POST it is run', async () => {
    const variables = { input: { ...GOOD_EVENT, taskId: 'by-sse' } };
    await using refused = await server.sse({ query: EMIT, variables });
    expect([refused.status, refused.headers.allow]).toEqual([405, 'POST']);
    expect(await server.app.manager.getTask('by-sse')).toBeUndefined();
    await using run = await server.sse({ query: EMIT, variables, method: 'POST' });
    expect(await run.nextResult()).toMatchObject({ data: { emitEvent: { event: { sequence: 1 } } } });
  });

  test('a page of another origin is 403 and gets no CORS header', async () => {
    await using stream = await server.sse({
      query: WATCH,
      variables: { taskId: 'any' },
      headers: { origin: 'https://evil.example', cookie: 'session=1' },
    });
    expect(stream.status).toBe(403);
    expect(Object.keys(stream.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  test.each([
    ['a syntax error', 'subscription {', 'GRAPHQL_PARSE_FAILED'],
    ['an unknown field', 'subscription { nothing }', 'GRAPHQL_VALIDATION_FAILED'],
    ['a task id that is none', 'subscription { taskUpdates(taskId: "") { cursor } }', 'BAD_USER_INPUT'],
    [
      'a cursor that is none',
      'subscription { taskUpdates(taskId: "x", after: "garbage") { cursor } }',
      'CURSOR_INVALID',
    ],
  ])('%s is told with its code and ends the stream', async (_what, query, code) => {
    await using stream = await server.sse({ query });
    const { whole, events } = await stream.ended();
    expect([whole, events.map(({ type }) => type)]).toEqual([true, ['next', 'complete']]);
    expect(JSON.parse(events[0]?.data ?? '')).toMatchObject({ errors: [{ extensions: { code } }] });
    expect(stream.text).not.toContain('"http"');
  });
});

/** A GET of an event stream with headers that a proper client would not send. */
async function rawGet({ graphqlUrl }: TestApp, headers: readonly string[]): Promise<{ readonly status: number }> {
  const url = `${graphqlUrl}?${new URLSearchParams({ query: WATCH, variables: '{"taskId":"headers"}' })}`;
  const answered = Promise.withResolvers<{ status: number }>();
  const all = ['accept', 'text/event-stream', 'host', 'localhost', ...headers];
  const request = http.get(url, { agent: false, headers: all }, (response) => {
    answered.resolve({ status: response.statusCode ?? 0 });
    response.destroy();
  });
  request.on('error', answered.reject);
  return settlesWithin(answered.promise, { withinMs: 5_000, what: 'the answer' });
}
