/** Whoever asks for an event stream gets one; whoever could merely read one gets JSON. */
import { expect, test } from 'vitest';
import { prefersEventStream } from '../../src/server/accept.ts';

test.each([
  ['an EventSource', 'text/event-stream'],
  ['graphql-sse', 'text/event-stream'],
  ['a subscription of urql over fetch', 'text/event-stream, multipart/mixed'],
  ['anything else will do as well', 'text/event-stream, */*'],
  ['event streams first', 'text/event-stream, application/json'],
  ['JSON, less gladly', 'application/json;q=0.5, text/event-stream; q=0.9'],
])('an event stream for %s: %s', (_who, accept) => {
  expect(prefersEventStream(accept)).toBe(true);
});

test.each([
  ['nobody in particular', undefined],
  ['curl', '*/*'],
  ['a browser', 'text/html,application/xhtml+xml,*/*;q=0.8'],
  [
    'a query of urql',
    'application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed',
  ],
  ['event streams, less gladly', 'text/event-stream;q=0.1, application/json'],
  ['not an event stream', 'text/event-stream;q=0'],
  ['something of a similar name', 'text/event-streams'],
])('JSON for %s: %s', (_who, accept) => {
  expect(prefersEventStream(accept)).toBe(false);
});
