/** The outbox: an idle bus adds no delay, a busy one sends little, a dead one holds nothing. */
import { expect, test } from 'vitest';
import { parseFrame } from '../../src/bus/frame.ts';
import { createOutbox, type OutboxOptions } from '../../src/bus/outbox.ts';
import { waitFor } from '../support/wait-for.ts';

interface Sent {
  /** The parts of each send, of all its frames. */
  readonly parts: (readonly unknown[])[];
  readonly done: PromiseWithResolvers<void>[];
}

function openOutbox(options: Partial<OutboxOptions> = {}) {
  const sent: Sent = { parts: [], done: [] };
  const outbox = createOutbox({
    from: 'me',
    isUp: () => true,
    maxFrameBytes: 200,
    windowMs: 20,
    send(frames) {
      sent.parts.push(frames.flatMap((text) => parseFrame(text).notices.flatMap(([, parts]) => parts)));
      const done = Promise.withResolvers<void>();
      sent.done.push(done);
      return done.promise;
    },
    ...options,
  });
  const sends = (count: number): Promise<unknown> =>
    waitFor(() => sent.parts.length === count, { withinMs: 2_000, what: `${count} sends` });
  return { outbox, sent, sends };
}

test('the first notice leaves with its turn of the event loop, and takes along what else the turn brought', async () => {
  const { outbox, sent } = openOutbox({ windowMs: 60_000 });
  outbox.add('a', [1]);
  outbox.add('b', [2]);
  expect(sent.parts).toEqual([]);
  await new Promise(setImmediate);
  expect(sent.parts).toEqual([[1, 2]]);
});

test('what follows within the window leaves together, each part once', async () => {
  const { outbox, sent, sends } = openOutbox();
  outbox.add('a', [0]);
  await sends(1);
  sent.done[0]?.resolve();
  for (let n = 0; n < 50; n += 1) outbox.add('a', [n % 5]);
  await sends(2);
  expect(sent.parts[1]).toEqual([0, 1, 2, 3, 4]);
});

test('while a send is under way nothing else leaves, and then all at once', async () => {
  const { outbox, sent, sends } = openOutbox({ windowMs: 0 });
  outbox.add('a', [0]);
  await sends(1);
  outbox.add('a', [1]);
  await new Promise(setImmediate);
  outbox.add('a', [2]);
  await new Promise(setImmediate);
  expect(sent.parts).toHaveLength(1);
  sent.done[0]?.resolve();
  await sends(2);
  expect(sent.parts[1]).toEqual([1, 2]);
});

test('it takes so much and no more, and counts the rest', () => {
  const { outbox } = openOutbox({ maxParts: 3 });
  outbox.add('a', [1, 2]);
  outbox.add('b', [1, 2, 3]);
  expect(outbox.failed).toBe(2);
});

test('while the way is down it takes nothing', async () => {
  const { outbox, sent } = openOutbox({ isUp: () => false });
  outbox.add('a', [1, 2]);
  await new Promise(setImmediate);
  expect({ sent: sent.parts, failed: outbox.failed }).toEqual({ sent: [], failed: 2 });
});

test('a way that breaks fails what waits and what is under way, once, and the next goes out all the same', async () => {
  const { outbox, sent, sends } = openOutbox({ windowMs: 0 });
  outbox.add('a', [1, 2]);
  await sends(1);
  outbox.add('a', [3]);
  outbox.fail();
  expect(outbox.failed).toBe(3);
  outbox.add('a', [4]);
  await sends(2);
  sent.done[0]?.reject(new Error('late'));
  sent.done[1]?.resolve();
  outbox.add('a', [5]);
  await sends(3);
  expect(outbox.failed).toBe(3);
});

test('a send that fails is counted, and the next goes out', async () => {
  const { outbox, sent, sends } = openOutbox({ windowMs: 0 });
  outbox.add('a', [1, 2]);
  await sends(1);
  sent.done[0]?.reject(new Error('refused'));
  outbox.add('a', [3]);
  await sends(2);
  expect(outbox.failed).toBe(2);
});
