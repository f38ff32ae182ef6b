/** Spans where an SDK of OpenTelemetry is registered, and nothing of it where there is none. */
import { SpanStatusCode } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import { StoreUnavailableError } from '../../src/domain/errors.ts';
import { openTracing } from '../../src/server/tracing.ts';
import { EMIT, GOOD_EVENT, startApp, TASK } from '../support/app.ts';
import { recordSpans, type RecordedSpan } from '../support/span-recorder.ts';
import { breakLog } from './faults.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const CALLER = 'b7ad6b7169203331';
const HEADERS = { traceparent: `00-${TRACE}-${CALLER}-01` };

function facts({ name, attributes, parentId, traceId }: RecordedSpan): object {
  return { name, attributes, parentId, traceId };
}

/** Where an SDK registers what all copies of the API find. */
const REGISTRY = Symbol.for('opentelemetry.js.api.1');

test.each([
  ['without an SDK', undefined, []],
  [
    'with one that the API does not speak to, of which the operator is told,',
    { version: '0.1.0', trace: {} },
    ['0.1.0'],
  ],
])('%s every part is the one that it was', async (_, registry, told) => {
  Reflect.set(globalThis, REGISTRY, registry);
  const warnings: unknown[] = [];
  const logger = { warn: (facts: object) => void warnings.push(Object.values(facts)[0]) };
  const tracing = await openTracing({ traceTaskIds: true, logger });
  Reflect.deleteProperty(globalThis, REGISTRY);
  expect(warnings).toEqual(told);
  const part = Object.freeze({ any: 'part' }) as never;
  expect(tracing.answers(part)).toBe(part);
  expect(tracing.streams(part)).toBe(part);
  expect(tracing.graphql(part)).toBe(part);
  expect(tracing.manager(part)).toBe(part);
  expect(tracing.mask(part)).toBe(part);
  expect(tracing.onOperation).toBeUndefined();
});

test('an emit is a span of the request and one of the append beneath it, in the trace of the caller', async () => {
  using recorder = recordSpans();
  await using app = await startApp();
  // The second takes the short way, which does without Yoga.
  for (const _ of [1, 2]) await app.post(EMIT.replace('mutation', 'mutation Report'), { input: GOOD_EVENT }, HEADERS);
  const [request, append, ...second] = recorder.spans;
  const expected = [
    {
      name: 'mutation',
      parentId: CALLER,
      traceId: TRACE,
      attributes: {
        'http.request.method': 'POST',
        'http.response.status_code': 200,
        'graphql.operation.type': 'mutation',
        'graphql.operation.name': 'Report',
      },
    },
    { name: 'append', parentId: request?.spanId, traceId: TRACE, attributes: { 'drumline.events': 1 } },
  ];
  expect([request, append].map((span) => span && facts(span))).toEqual(expected);
  expect(second.map(({ name }) => name)).toEqual(['mutation', 'append']);
  expect(recorder.spans.every(({ isOver }) => isOver)).toBe(true);
});

test('ids of tasks are named when that is asked for', async () => {
  using recorder = recordSpans();
  await using app = await startApp({ settings: { traceTaskIds: 'true' } });
  await app.emit();
  expect(recorder.spans.find(({ name }) => name === 'append')?.attributes['drumline.task.ids']).toEqual([TASK]);
});

test('a refusal has its code; only a fault of ours is an error of the span', async () => {
  using recorder = recordSpans();
  await using app = await startApp();
  await app.post(EMIT, { input: { ...GOOD_EVENT, progress: 7 } });
  await app.post('{ nothing }');
  const repair = breakLog(app, { append: async () => Promise.reject(new StoreUnavailableError('FAILED')) });
  await app.post(EMIT, { input: GOOD_EVENT });
  repair();
  expect(recorder.spans.map(({ name, attributes, status }) => [name, attributes['error.type'], status])).toEqual([
    ['mutation', 'BAD_USER_INPUT', undefined],
    ['append', 'BAD_USER_INPUT', undefined],
    ['GraphQL', '400', undefined],
    ['mutation', 'STORE_UNAVAILABLE', { code: SpanStatusCode.ERROR }],
    ['append', 'STORE_UNAVAILABLE', { code: SpanStatusCode.ERROR }],
  ]);
});

test('a subscription is a span until it has begun: in the trace of the caller over SSE, its own over WebSocket', async () => {
  using recorder = recordSpans();
  await using app = await startApp();
  const query = `subscription Watch { taskUpdates(taskId: "${TASK}") { cursor } }`;
  await using stream = await app.sse({ query, headers: HEADERS });
  await app.emit();
  await stream.next();
  await using client = await app.ws();
  client.subscribe('1', query);
  await client.next('1');
  const started = recorder.spans.filter(({ name }) => name === 'subscribe');
  const attributes = { 'graphql.operation.type': 'subscription', 'graphql.operation.name': 'Watch' };
  expect(started.map(facts)).toEqual([
    { name: 'subscribe', parentId: CALLER, traceId: TRACE, attributes },
    { name: 'subscribe', parentId: undefined, traceId: started[1]?.traceId, attributes },
  ]);
  expect(started.every(({ isOver }) => isOver)).toBe(true);
});

test('one that cannot begin has the code of its error', async () => {
  using recorder = recordSpans();
  await using app = await startApp();
  await using client = await app.ws();
  client.subscribe('1', `subscription { taskUpdates(taskId: "${TASK}", after: "nonsense") { cursor } }`);
  await client.next('1');
  expect(recorder.spans.map(({ name, attributes }) => [name, attributes['error.type']])).toEqual([
    ['subscribe', 'CURSOR_INVALID'],
  ]);
});
