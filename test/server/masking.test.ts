/** Nothing internal leaves the server: whatever is thrown inside, a client learns a code and no more. */
import { GraphQLError, Source } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { StoreCorruptError, StoreFullError, StoreUnavailableError } from '../../src/domain/errors.ts';
import type { EventLog } from '../../src/log/event-log.ts';
import { createErrorMask } from '../../src/server/errors.ts';
import {
  codesOf,
  EMIT,
  GOOD_EVENT,
  startApp,
  TASK,
  type Answer,
  type AnswerError,
  type TestApp,
} from '../support/app.ts';
import { breakLog } from './faults.ts';

const CANARY = 'canary-7b1f';

const OPERATIONS: readonly (readonly [string, string])[] = [
  ['an emit', EMIT],
  ['a task', `{ task(id: "${TASK}") { id } }`],
  ['a progress', `{ taskProgress(taskId: "${TASK}", atSequence: 1) { sequence } }`],
  ['tasks', '{ tasks { nodes { id } } }'],
  ['events', `{ taskEvents(taskId: "${TASK}") { nodes { id } } }`],
  ['observations', '{ observations { nodes { id } } }'],
  ['an observation', 'mutation { publishObservation(input: { content: "x" }) { duplicate } }'],
  ['the beginning of a task', 'mutation { initTask(input: { taskId: "new" }) { created } }'],
];
const STREAMS: readonly (readonly [string, string])[] = [
  ['updates', `subscription { taskUpdates(taskId: "${TASK}") { cursor } }`],
  ['resumed updates', `subscription { taskUpdates(taskId: "${TASK}", after: "v1.1.0123456789abcdef") { cursor } }`],
  ['the latest progress', `subscription { taskProgress(taskId: "${TASK}") { sequence } }`],
  ['a board', 'subscription { tasks { ready } }'],
  ['observations', 'subscription { observations { cursor } }'],
];

let server: TestApp;
const logged: unknown[] = [];
beforeAll(async () => {
  const note = (facts: object): void => void logged.push(facts);
  server = await startApp({ logger: { error: note, warn: note, info: note, debug: note } });
  await server.emit();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

/** Every function of the log fails in this way. */
function failWith(error: Error): Partial<EventLog> {
  const fail = async (): Promise<never> => {
    throw error;
  };
  return {
    ready: fail,
    initTask: fail,
    append: fail,
    head: fail,
    progressAt: fail,
    read: fail,
    tasks: fail,
    changes: fail,
    publishObservation: fail,
    readObservations: fail,
    observationPlace: fail,
  };
}

const FAULTS: readonly (readonly [string, Error])[] = [
  ['INTERNAL_SERVER_ERROR', new Error(`${CANARY} at /home/${CANARY}/drumline.db`)],
  ['INTERNAL_SERVER_ERROR', Object.assign(new RangeError(CANARY), { code: 'ERR_SQLITE_ERROR', errstr: CANARY })],
  ['STORE_UNAVAILABLE', new StoreUnavailableError('UNKNOWN', { cause: new Error(CANARY) })],
  ['STORE_FULL', new StoreFullError({ cause: new Error(CANARY) })],
  ['STORE_CORRUPT', new StoreCorruptError(`record 3 of ${CANARY}`)],
];

describe.each(FAULTS)('%s (%o)', (code, error) => {
  test.each([...OPERATIONS])('%s over HTTP and WebSocket: the code and nothing of the cause', async (_what, query) => {
    const repair = breakLog(server, failWith(error));
    try {
      const response = await fetch(server.graphqlUrl, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json' },
        body: JSON.stringify({ query, variables: { input: GOOD_EVENT } }),
      });
      const text = await response.text();
      expect(text).not.toContain(CANARY);
      expect(codesOf(JSON.parse(text) as Answer)).toEqual([code]);
      await using client = await server.ws();
      client.subscribe('1', query, { input: GOOD_EVENT });
      const message = await client.next('1');
      expect(JSON.stringify(message)).not.toContain(CANARY);
      expect(codesOf(message.payload as Answer)).toEqual([code]);
    } finally {
      repair();
    }
  });

  test('/readyz does not say why', async () => {
    const repair = breakLog(server, failWith(error));
    const text = await (await fetch(`${server.origin}/readyz`)).text();
    repair();
    expect(text).toBe('{"ready":false,"reasons":["store"],"degraded":[]}');
  });
});

// A store that is away is waited for; anything else ends a stream.
describe.each(FAULTS.filter(([code]) => code !== 'STORE_UNAVAILABLE'))('%s (%o)', (code, error) => {
  test.each([...STREAMS])(
    'a stream of %s, over WebSocket and SSE: the code and nothing of the cause',
    async (_what, query) => {
      const repair = breakLog(server, failWith(error));
      try {
        await using client = await server.ws();
        client.subscribe('1', query);
        const { type, payload } = await client.next('1');
        expect(JSON.stringify(payload)).not.toContain(CANARY);
        expect(codesOf(type === 'error' ? { errors: payload as readonly AnswerError[] } : (payload as Answer))).toEqual(
          [code],
        );
        client.subscribe('2', '{ __typename }');
        expect(await client.nextOf('2')).toEqual({ data: { __typename: 'Query' } });

        await using stream = await server.sse({ query });
        const { events } = await stream.ended();
        expect(stream.text).not.toContain(CANARY);
        expect(events.map((event) => event.type)).toEqual(['next', 'complete']);
        expect(codesOf(JSON.parse(events[0]?.data ?? '') as Answer)).toEqual([code]);
      } finally {
        repair();
      }
    },
  );
});

test.each([...STREAMS])(
  'a stream of %s says nothing while the store is away, and begins then',
  async (_what, query) => {
    const repair = breakLog(server, failWith(new StoreUnavailableError('FAILED', { cause: new Error(CANARY) })));
    await using client = await server.ws();
    await using stream = await server.sse({ query });
    try {
      client.subscribe('1', query);
      client.subscribe('2', '{ tasks { nodes { id } } }');
      expect(codesOf((await client.next('2')).payload as Answer)).toEqual(['STORE_UNAVAILABLE']);
    } finally {
      repair();
    }
    expect((await client.next('1')).type).toBe('next');
    await stream.next();
    expect(stream.text).not.toContain(CANARY);
  },
);

test('the operator is told what the client is not', async () => {
  const error = new Error(`${CANARY} for the operator`);
  const repair = breakLog(server, failWith(error));
  await server.post('{ tasks { nodes { id } } }');
  repair();
  expect(logged).toContainEqual(expect.objectContaining({ err: error }));
});

describe('what graphql-js itself finds', () => {
  const mask = createErrorMask({
    error: () => undefined,
    warn: () => undefined,
    info: () => undefined,
    debug: () => undefined,
  });

  test('a value of ours that does not fit its field is a fault of ours, and is not shown', () => {
    const masked = mask(
      new GraphQLError(`Float cannot represent non numeric value: ${CANARY}`, { path: ['task', 'progress'] }),
    );
    expect(masked.toJSON()).toEqual({
      message: 'Unexpected error.',
      path: ['task', 'progress'],
      extensions: { code: 'INTERNAL_SERVER_ERROR' },
    });
  });

  test('an error without a place in the answer is the request, and is shown', () => {
    expect(mask(new GraphQLError('Must provide an operation.')).extensions['code']).toBe('BAD_REQUEST');
  });

  test('however many variables are wrong, their document is read again once', () => {
    const source = new Source(
      'query ($first: Int, $last: Int) { tasks(first: $first, filter: [{ last: $last }]) { id } }',
    );
    const { body } = source;
    let reads = 0;
    Object.defineProperty(source, 'body', { get: () => ((reads += 1), body) });
    const issuesOf = (name: string): unknown =>
      mask(new GraphQLError(`Variable "$${name}" has invalid value at [2]: x`, { source })).extensions['issues'];
    expect(issuesOf('first')).toEqual([{ path: ['first', 2], message: 'x' }]);
    const readsOfOne = reads;
    expect(issuesOf('last')).toEqual([{ path: ['filter', 0, 'last', 2], message: 'x' }]);
    expect([readsOfOne > 0, reads]).toEqual([true, readsOfOne]);
  });

  test.each([
    [new Error(CANARY)],
    [CANARY],
    [undefined],
    [{ message: CANARY }],
    [new AggregateError([new Error(CANARY)], CANARY)],
  ])('%o is masked', (thrown) => {
    const masked = mask(new GraphQLError(CANARY, { cause: thrown ?? new Error(CANARY), path: ['a'] }));
    expect(JSON.stringify(masked)).not.toContain(CANARY);
  });
});
