/** What the operator sees: on a port of its own, and true. */
import { expect, test } from 'vitest';
import { codesOf, EMIT, GOOD_EVENT, startApp } from '../support/app.ts';

test('everything that is promised is there, with what happened', async () => {
  await using server = await startApp({ settings: { metrics: '127.0.0.1:0' } });
  await server.app.manager.initTask({ taskId: 'survey' });
  await using socket = await server.ws();
  socket.subscribe('1', 'subscription { taskUpdates(taskId: "survey") { cursor } }');
  await socket.next('1');
  await server.emit({ eventId: 'one' });
  await server.emit({ eventId: 'one' });
  await server.emit();
  await socket.next('1');
  await socket.next('1');
  expect(codesOf(await server.post(EMIT, { input: { ...GOOD_EVENT, eventId: 'one', message: 'other' } }))).toEqual([
    'EVENT_ID_CONFLICT',
  ]);
  socket.subscribe('2', 'subscription { taskUpdates(taskId: "survey", after: "v1.9.0123456789abcdef") { cursor } }');
  await socket.next('2');

  const answer = await fetch(server.metricsUrl ?? '');
  const text = await answer.text();
  const lines = text.split('\n');
  const figure = (name: string): number => Number(lines.find((line) => line.startsWith(`${name} `))?.split(' ')[1]);
  expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  expect(figure('drumline_emits_total{outcome="recorded"}')).toBe(2);
  expect(figure('drumline_emits_total{outcome="duplicate"}')).toBe(1);
  expect(figure('drumline_emits_total{outcome="EVENT_ID_CONFLICT"}')).toBe(1);
  expect(figure('drumline_append_seconds_count')).toBe(3);
  expect(figure('drumline_deliveries_total')).toBe(4);
  expect(figure('drumline_delivery_lag_seconds_count')).toBe(2);
  expect(figure('drumline_gaps_total{reason="diverged"}')).toBe(1);
  expect(figure('drumline_watchers')).toBe(2);
  expect(figure('drumline_connections{kind="websocket"}')).toBe(1);
  expect(figure('drumline_connections{kind="event_stream"}')).toBe(0);
  expect(figure('drumline_pending_events')).toBe(0);
  expect(figure('drumline_wakeup_missed_total')).toBe(0);
  expect(figure('drumline_event_loop_delay_seconds{quantile="0.99"}')).toBeGreaterThanOrEqual(0);
  expect(figure('drumline_resident_memory_bytes')).toBeGreaterThan(1e7);
});

test('it is not to be had on the port of GraphQL, and nothing else on its own', async () => {
  await using server = await startApp({ settings: { metrics: '127.0.0.1:0' } });
  expect((await fetch(`${server.origin}/metrics`)).status).toBe(404);
  expect((await fetch(new URL('/graphql', server.metricsUrl))).status).toBe(404);
  await using without = await startApp();
  expect(without.metricsUrl).toBeUndefined();
});
