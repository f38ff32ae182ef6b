/**
 * What we write ourselves, past `ws` and past Node's HTTP, is read by others: every frame and every chunk is what its
 * reader expects, at every size at which a header changes its form and for every id.
 */
import net from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Frame, type Encode } from '../../src/server/frame.ts';
import { createNextFrames, type NextFrames } from '../../src/server/websocket-frame.ts';
import { startApp, TASK } from '../support/app.ts';
import { openRandom } from '../support/random.ts';
import { createSseParser } from '../support/sse-parser.ts';
import { settlesWithin, waitFor } from '../support/wait-for.ts';
import { openFramePeer } from './frame-peer.ts';

const { seed } = openRandom('frames on the wire');
const START = '{"type":"next","payload":';

/** ASCII of both quotes, Unicode within and beyond the first plane, halves of pairs, and longer than most. */
const ids = fc.oneof(
  fc.string({ minLength: 1, maxLength: 40 }),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }),
  fc.constantFrom('"', '\\', '\n', '🥁', '\ud83e', '\u2028', '__proto__', '0'),
  fc.integer({ min: 230, max: 400 }).map((length) => 'i'.repeat(length)),
);

/** As a client reads them: the bytes of the text in UTF-8. A half of a pair arrives as what JSON makes of it. */
function messageOf(payload: string, id: string): string {
  return `{"type":"next","payload":${payload},"id":${JSON.stringify(id)}}`;
}

/** A payload with which the whole message has so many bytes. */
function payloadFor(length: number, id: string): string {
  const rest = Buffer.byteLength(messageOf('""', id));
  return `"${'x'.repeat(Math.max(0, length - rest))}"`;
}

describe('a WebSocket frame', () => {
  const lengths = fc.oneof(
    ...[125, 126, 127, 65_535, 65_536, 65_537, 1024 * 1024 + 7].map((length) => fc.constant(length)),
    fc.integer({ min: 60, max: 140 }),
    fc.integer({ min: 65_500, max: 65_600 }),
  );

  test('of every length, with every id, is read by ws as a whole message, its id last', async () => {
    await using peer = await openFramePeer();
    const frames = createNextFrames();
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(lengths, ids), { minLength: 1, maxLength: 8 }), async (sent) => {
        const expected = sent.map(([length, id]) => messageOf(payloadFor(length, id), id));
        for (const [length, id] of sent) {
          peer.write(encode(frames, id, new Frame(payloadFor(length, id), undefined)));
        }
        expect(await peer.read(sent.length)).toEqual(expected);
      }),
      { seed, numRuns: 60 },
    );
  });

  test('of any JSON is read as that JSON, by operations of many ids from one frame', async () => {
    await using peer = await openFramePeer();
    const frames = createNextFrames();
    const pairs = fc.tuple(fc.jsonValue({ stringUnit: 'binary' }), fc.array(ids, { minLength: 1, maxLength: 6 }));
    await fc.assert(
      fc.asyncProperty(pairs, async ([payload, several]) => {
        const frame = new Frame(JSON.stringify(payload), undefined);
        for (const id of several) peer.write(encode(frames, id, frame));
        const messages = (await peer.read(several.length)).map((text): unknown => JSON.parse(text));
        const asSent: unknown = JSON.parse(JSON.stringify(payload));
        expect(messages).toEqual(several.map((id) => ({ type: 'next', payload: asSent, id })));
      }),
      { seed, numRuns: 200 },
    );
  });

  test('is made once for all ids of one length', () => {
    const frames = createNextFrames();
    const frame = new Frame('{"data":null}', undefined);
    const texts = ['a1', 'b2', 'c3'].map((id) => encode(frames, id, frame));
    expect(new Set(texts.map((text) => text.slice(0, text.indexOf(',"id"'))))).toHaveLength(1);
    expect(texts[0]?.slice(2)).toBe(`${START}{"data":null},"id":"a1"}`);
  });
});

test('a frame keeps what a few kinds of readers make of it, however many kinds there are', () => {
  const frame = new Frame('{"data":null}', undefined);
  let made = 0;
  const encoders = Array.from({ length: 100 }, (): Encode => (given) => `${(made += 1)} ${given.json}`);
  const [first] = encoders;
  for (const encode of encoders) expect(frame.encode(encode)).toContain('{"data":null}');
  expect([made, first === undefined ? '' : frame.encode(first)]).toEqual([100, '1 {"data":null}']);
  for (const encode of encoders) frame.encode(encode);
  expect(made).toBeGreaterThan(100 + 90);
});

test('two subscriptions of one socket, with ids of two lengths, get all their frames in order', async () => {
  await using server = await startApp();
  await using client = await server.ws();
  const query = 'subscription ($t: ID!) { taskUpdates(taskId: $t, replay: true) { progress { sequence } } }';
  // As long as an id may be, and longer as JSON.
  const long = `ß${'i'.repeat(200)}${'"'.repeat(54)}`;
  const two = [
    ['1', 'first'],
    [long, 'second'],
  ] as const;
  for (const [id, taskId] of two) client.subscribe(id, query, { t: taskId });
  const count = 150;
  for (let number = 0; number < count; number += 1) {
    await Promise.all(two.map(async ([, taskId]) => server.emit({ taskId, message: 'm'.repeat(number) })));
  }
  await waitFor(() => client.unread.length === 2 * count, {
    withinMs: 5_000,
    what: () => `${2 * count} messages, not ${client.unread.length}`,
  });
  for (const [id] of two) {
    const sequences: unknown[] = [];
    while (client.unread.some((message) => message.id === id)) {
      const { data } = await client.nextOf<{ data: { taskUpdates: { progress: { sequence: number } } } }>(id);
      sequences.push(data.taskUpdates.progress.sequence);
    }
    expect(sequences).toEqual(Array.from({ length: count }, (_, index) => index + 1));
  }
});

test.each(['1.0', '1.1'])('an event stream over HTTP/%s is read to its end, whatever is in it', async (version) => {
  await using server = await startApp();
  const messages = ['plain', 'ß 🥁 \u2028', '\\n " data: x', 'x'.repeat(2_000)];
  for (const message of messages) await server.emit({ message });
  await server.emit({ eventType: 'TASK_COMPLETED', message: 'end' });
  const query = `subscription { taskUpdates(taskId: "${TASK}", replay: true) { ... on TaskEventRecorded { event { message } } } }`;
  const { head, body } = await rawGet(server.origin, `/graphql?query=${encodeURIComponent(query)}`, version);
  const isChunked = /^transfer-encoding: chunked\r?$/im.test(head);
  expect(isChunked).toBe(version === '1.1');
  const events = createSseParser().push((isChunked ? unchunk(body) : body).toString('utf8'));
  const told = events.map(({ type, data }) =>
    type === 'next'
      ? (JSON.parse(data) as { data: { taskUpdates: { event?: { message: string } } } }).data.taskUpdates.event?.message
      : type,
  );
  expect(told).toEqual([...messages, 'end', undefined, 'complete']);
});

/** Without a client of HTTP between: its bytes as they come, until the server closes. */
async function rawGet(
  origin: string,
  path: string,
  version: string,
): Promise<{ readonly head: string; readonly body: Buffer }> {
  const { hostname, port } = new URL(origin);
  const socket = net.connect(Number(port), hostname);
  const pieces: Buffer[] = [];
  const closed = Promise.withResolvers<void>();
  socket.on('data', (piece) => pieces.push(piece));
  socket.on('close', () => closed.resolve());
  socket.on('error', closed.reject);
  const lines = [`GET ${path} HTTP/${version}`, 'host: localhost', 'accept: text/event-stream', 'connection: close'];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  await settlesWithin(closed.promise, { withinMs: 5_000, what: 'the end' });
  const all = Buffer.concat(pieces);
  const end = all.indexOf('\r\n\r\n');
  return { head: all.subarray(0, end).toString('latin1'), body: all.subarray(end + 4) };
}

/** @throws when the bytes are not in the chunked coding, to the last chunk. */
function unchunk(bytes: Buffer): Buffer {
  const pieces: Buffer[] = [];
  let at = 0;
  for (;;) {
    const line = bytes.indexOf('\r\n', at);
    const size = Number.parseInt(bytes.subarray(at, line).toString('latin1'), 16);
    if (line === -1 || Number.isNaN(size)) throw new Error('no chunk');
    at = line + 2;
    pieces.push(bytes.subarray(at, at + size));
    at += size;
    if (bytes.subarray(at, at + 2).toString('latin1') !== '\r\n') throw new Error('a chunk without an end');
    at += 2;
    if (size === 0) return Buffer.concat(pieces);
  }
}

function encode(frames: NextFrames, id: string, frame: Frame): string {
  const { shared, end } = frames.encoderFor(id);
  return frame.encode(shared) + end;
}
