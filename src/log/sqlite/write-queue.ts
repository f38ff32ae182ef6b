/**
 * The writer thread as seen from the other side: a command in, a promise out. Every promise settles, also when the
 * thread dies: what was on its way then may or may not be stored, what comes later surely is not.
 */
import { Worker } from 'node:worker_threads';
import { StoreUnavailableError } from '../../domain/errors.ts';
import {
  fromWire,
  sizeOf,
  type FromWriter,
  type ToWriter,
  type WriteCommand,
  type WriteReply,
  type WriteRequest,
  type WriterData,
  type WriteResults,
} from './protocol.ts';

export interface WriteQueue extends AsyncDisposable {
  /** @param idAt the event id at an index of what is sent, for the error that names it. */
  send<Kind extends WriteCommand['kind']>(
    command: Extract<WriteCommand, { readonly kind: Kind }>,
    idAt?: (index: number) => string,
  ): Promise<WriteResults[Kind]>;
}

interface Waiting {
  readonly characters: number;
  readonly idAt: ((index: number) => string) | undefined;
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** What may wait for the writer, as JSON: beyond that an append is refused at once. */
const MAX_CHARACTERS = 256_000_000;
/** How long finishing may take once it was asked for. */
const STOP_MS = 30_000;

/** @throws StoreUnusableError, StoreCorruptError: the file was not opened. */
export async function openWriteQueue(data: WriterData, onWarning: (message: string) => void): Promise<WriteQueue> {
  // From the sources it is a .ts file, from the package a .js file.
  const entry = import.meta.url.endsWith('.ts') ? './writer.ts' : './writer.js';
  // Nothing of how this process was started is of use to the thread.
  const worker = new Worker(new URL(entry, import.meta.url), {
    workerData: data,
    execArgv: [],
    name: 'drumline-store',
  });
  const opened = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  const waiting = new Map<number, Waiting>();
  const outbox: WriteRequest[] = [];
  let lastId = 0;
  let characters = 0;
  let isOpen = true;

  function settle(reply: WriteReply): void {
    const one = waiting.get(reply.id);
    if (one === undefined) return;
    waiting.delete(reply.id);
    characters -= one.characters;
    if (reply.error === undefined) one.resolve(reply.result);
    else one.reject(fromWire(reply.error, one.idAt));
  }

  function end(cause?: Error): void {
    isOpen = false;
    const options = cause === undefined ? {} : { cause };
    opened.reject(cause ?? new StoreUnavailableError('FAILED'));
    for (const one of waiting.values()) one.reject(new StoreUnavailableError('UNKNOWN', options));
    waiting.clear();
    ended.resolve();
  }

  worker.on('message', (message: FromWriter) => {
    if (message.kind === 'opened') opened.resolve();
    else if (message.kind === 'refused') opened.reject(fromWire(message.error));
    else if (message.kind === 'warning') onWarning(message.message);
    else for (const reply of message.replies) settle(reply);
  });
  worker.on('error', (error) => {
    onWarning(`the writer thread failed: ${error instanceof Error ? error.message : String(error)}`);
    end(error instanceof Error ? error : new Error(String(error)));
  });
  worker.on('exit', () => end());
  try {
    await opened.promise;
  } catch (error) {
    await ended.promise;
    throw error;
  }

  /** All that is sent in one turn goes as one message, and so into one transaction. */
  function post(request: WriteRequest): void {
    outbox.push(request);
    if (outbox.length === 1) queueMicrotask(() => worker.postMessage(outbox.splice(0) satisfies ToWriter, []));
  }

  let stopped: Promise<void> | undefined;
  async function stop(): Promise<void> {
    isOpen = false;
    // After the microtask that posts what is still in the outbox.
    await Promise.resolve();
    worker.postMessage('stop' satisfies ToWriter, []);
    const timer = setTimeout(() => void worker.terminate(), STOP_MS);
    await ended.promise;
    clearTimeout(timer);
  }

  return {
    send(command, idAt) {
      const size = sizeOf(command);
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      if (!isOpen || characters + size > MAX_CHARACTERS) {
        reject(new StoreUnavailableError('FAILED'));
      } else {
        lastId += 1;
        characters += size;
        waiting.set(lastId, { characters: size, idAt, resolve, reject });
        post({ id: lastId, command });
      }
      // The writer answers each kind with its kind's result.
      return promise as Promise<never>;
    },
    async [Symbol.asyncDispose]() {
      stopped ??= stop();
      await stopped;
    },
  };
}
