/**
 * The writer thread: the only one that writes to the file. It takes whatever has come in while it was busy, up to a
 * bound, commits it together and answers; the slower the disk, the larger the groups.
 */
import { parentPort, receiveMessageOnPort, workerData, type MessagePort } from 'node:worker_threads';
import { toLogError } from './errors.ts';
import { closeWritable, openWritable } from './file.ts';
import { createGroupWriter, type GroupWriter } from './group.ts';
import { toWire, type FromWriter, type ToWriter, type WriteRequest, type WriterData } from './protocol.ts';

/** What one transaction takes at most; a single request may be larger. */
const GROUP_EVENTS = 2_000;
const GROUP_CHARACTERS = 4_000_000;

if (parentPort !== null) runWriter(parentPort, workerData as WriterData);

function runWriter(port: MessagePort, { path, snapshotEvery }: WriterData): void {
  const say = (message: FromWriter): void => port.postMessage(message, []);
  try {
    const db = openWritable(path);
    const writer = createGroupWriter(db, { snapshotEvery, onWarning: (message) => say({ kind: 'warning', message }) });
    port.on('message', (message: ToWriter) => {
      const isLast = work(port, writer, message);
      if (!isLast) return;
      // After a failed fsync the file is left as it is: whoever opens it next finds out what is there.
      if (!writer.isBroken) closeWritable(db);
      port.close();
    });
  } catch (error) {
    say({ kind: 'refused', error: toWire(toLogError(error, 'FAILED')) });
    port.close();
    return;
  }
  say({ kind: 'opened' });
}

/** @returns true when nothing comes any more. */
function work(port: MessagePort, writer: GroupWriter, first: ToWriter): boolean {
  const waiting: WriteRequest[] = [];
  let isLast = takeIn(waiting, first);
  do {
    while (!isLast && sizeOfGroup(waiting) === waiting.length) {
      const next = receiveMessageOnPort(port);
      if (next === undefined) break;
      isLast = takeIn(waiting, next.message as ToWriter);
    }
    const group = waiting.splice(0, sizeOfGroup(waiting));
    if (group.length === 0) break;
    port.postMessage(writer.commit(group) satisfies FromWriter, []);
    writer.checkpoint();
  } while (waiting.length > 0);
  return isLast;
}

function takeIn(waiting: WriteRequest[], message: ToWriter): boolean {
  if (message === 'stop') return true;
  for (let at = 0; at < message.length; at += 2) {
    waiting.push({ count: Number(message[at]), text: String(message[at + 1]) });
  }
  return false;
}

/** How many of those that wait fit one transaction; at least one. */
function sizeOfGroup(waiting: readonly WriteRequest[]): number {
  let events = 0;
  let characters = 0;
  for (const [index, { count, text }] of waiting.entries()) {
    events += count;
    characters += text.length;
    if (index > 0 && (events > GROUP_EVENTS || characters > GROUP_CHARACTERS)) return index;
  }
  return waiting.length;
}
