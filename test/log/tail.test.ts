/** The window of one task: what it weighs, what it refuses. The rest is tested through the cache. */
import { expect, test } from 'vitest';
import { openMemoryLog } from '../../src/log/memory-log.ts';
import { createTail } from '../../src/log/tail.ts';
import { newEvent, newEvents, readAll } from '../../src/conformance/event-log/support.ts';

async function openTail(count: number) {
  await using log = openMemoryLog();
  await log.append(newEvents('task', 6));
  await log.append([newEvent({ eventId: 'large', details: { text: 'x'.repeat(500) } })]);
  const head = await log.head('task');
  if (head === undefined) throw new Error('no head');
  const events = await readAll(log, 'task');
  const tail = createTail({ ...head, progress: (await log.progressAt('task', count)) ?? head.progress });
  return { tail, events, head };
}

test('what is let go of no longer weighs', async () => {
  const { tail, events } = await openTail(3);
  const empty = tail.bytes;
  tail.extend(events);
  const before = tail.bytes;
  tail.prepend(events.slice(0, 4));
  expect(tail.size).toBe(7);
  expect(tail.bytes).toBeGreaterThan(before + 3 * 500);
  while (tail.shrink());
  expect(tail.size).toBe(0);
  // A component that came since stays in the head.
  expect(tail.bytes - empty).toBeLessThan(500);
});

test('the head is right however much was let go of', async () => {
  const { tail, events, head } = await openTail(2);
  tail.extend(events.slice(2, 4));
  tail.shrink();
  tail.extend(events.slice(4));
  tail.shrink();
  expect(tail.head()).toEqual(head);
  expect(tail.head()).toBe(tail.head());
});

test('events that do not continue the history are refused, whatever they are numbered', async () => {
  const { tail, events } = await openTail(3);
  const other = await openTail(3);
  expect(tail.extend(events.slice(4))).toBe('gap');
  expect(tail.extend(other.events.slice(2))).toBe('diverged');
  expect(tail.lastSeq).toBe(3);
  expect(tail.extend(events.slice(3, 5))).toBe('ok');
  expect(tail.extend(other.events.slice(3, 5))).toBe('diverged');
  tail.prepend(other.events.slice(0, 4));
  tail.prepend(events.slice(0, 3));
  tail.prepend([...events.slice(0, 1), ...events.slice(2, 4)]);
  expect(tail.firstSeq).toBe(4);
  tail.prepend(events.slice(1, 4));
  expect(tail.firstSeq).toBe(2);
});

test('an event is taken in as the log gave it, whatever else its record says', async () => {
  const { tail, events } = await openTail(3);
  // As a later version may write it: the text that was hashed is not the one this version would write.
  const otherHash = (hash: string): string => hash.replaceAll(/[0-9]/g, 'f');
  const later = events.map((event, index) => ({
    ...event,
    addedLater: true,
    hash: otherHash(event.hash),
    previousHash: index === 3 ? event.previousHash : otherHash(event.previousHash),
  }));
  expect(tail.extend(later.slice(3))).toBe('ok');
  tail.prepend(later.slice(1, 4));
  expect(tail.read({ after: 1, limit: 10 })).toEqual(later.slice(1));
});
