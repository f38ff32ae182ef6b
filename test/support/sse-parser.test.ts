import { expect, test } from 'vitest';
import { createSseParser } from './sse-parser.ts';

const STREAM = [
  '\uFEFF: a comment\n',
  'retry: 250\n\n',
  'id: v1.1\nevent: next\ndata: {"a":1}\n\n',
  'data: two\r\ndata:  lines\r\n\r\n',
  'id\rdata\r\r',
  'event: none\n\n',
  'id: bad\0id\ndata:x\n\n',
  'data: cut off',
].join('');

const EVENTS = [
  { type: 'next', data: '{"a":1}', lastEventId: 'v1.1' },
  { type: 'message', data: 'two\n lines', lastEventId: 'v1.1' },
  { type: 'message', data: '', lastEventId: '' },
  { type: 'message', data: 'x', lastEventId: '' },
];

test('reads a stream as the standard says: comments, ids, several data lines, any line end, no half event', () => {
  const parser = createSseParser();
  expect(parser.push(STREAM)).toEqual(EVENTS);
  expect(parser.retryMs).toBe(250);
});

test('reads the same wherever the text is cut', () => {
  for (let size = 1; size < STREAM.length; size += 1) {
    const parser = createSseParser();
    const events = [];
    for (let at = 0; at < STREAM.length; at += size) events.push(...parser.push(STREAM.slice(at, at + size)));
    expect(events, `pieces of ${size}`).toEqual(EVENTS);
  }
});

test('the id of an event that was cut off does not count', () => {
  const parser = createSseParser('v1.6');
  expect(parser.push('id: v1.7\ndata: half')).toEqual([]);
  expect(parser.lastEventId).toBe('v1.6');
});
