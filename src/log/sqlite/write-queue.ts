/**
 * The writer thread as seen from the other side: a command in, a promise out. Every promise settles, also when the
 * thread dies: what was on its way then may or may not be stored, what comes later surely is not.
 */
import { setImmediate } from 'node:timers';
import { Worker } from 'node:worker_threads';
import { StoreUnavailableError } from '../../domain/errors.ts';
import {
  fromWire,
  isRefusal,
  toRequest,
  type FromWriter,
  type ToWriter,
  type WriteCommand,
  type WriteReply,
  type WriteRequest,
  type WriterData,
  type WriteResults,
} from './protocol.ts';

export interface WriteQueue extends AsyncDisposable {
  send<Kind extends WriteCommand['kind']>(
    command: Extract<WriteCommand, { readonly kind: Kind }>,
    options?: SendOptions,
  ): Promise<WriteResults[Kind]>;
}

export interface SendOptions {
  /** The event id at an index of what is sent, for the error that names it. */
  readonly idAt?: (index: number) => string;
  /** The command as JSON, if it was needed before. */
  readonly text?: string;
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
  // In the order in which they were sent, which is that of the replies.
  const waiting: Waiting[] = [];
  let outbox: (number | string)[] = [];
  let characters = 0;
  let isOpen = true;

  function settle(replies: readonly WriteReply[]): void {
    const settled = waiting.splice(0, replies.length);
    for (const [index, one] of settled.entries()) {
      const reply = replies[index];
      characters -= one.characters;
      if (reply !== undefined && isRefusal(reply)) one.reject(fromWire(reply.error, one.idAt));
      else one.resolve(reply);
    }
  }

  function end(cause?: Error): void {
    isOpen = false;
    const options = cause === undefined ? {} : { cause };
    opened.reject(cause ?? new StoreUnavailableError('FAILED'));
    for (const one of waiting.splice(0)) one.reject(new StoreUnavailableError('UNKNOWN', options));
    ended.resolve();
  }

  worker.on('message', (message: FromWriter) => {
    if (!('kind' in message)) settle(message);
    else if (message.kind === 'opened') opened.resolve();
    else if (message.kind === 'refused') opened.reject(fromWire(message.error));
    else onWarning(message.message);
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

  function flush(): void {
    if (outbox.length > 0) worker.postMessage(outbox satisfies ToWriter, []);
    outbox = [];
  }

  /**
   * What is sent in one turn goes as one message, and so into one transaction. While the writer is busy the turn is
   * that of the event loop, which takes in many requests; nothing is later for it.
   */
  function post({ count, text }: WriteRequest): void {
    const isFirst = outbox.length === 0;
    outbox.push(count, text);
    if (!isFirst) return;
    if (waiting.length > 1) setImmediate(flush);
    else queueMicrotask(flush);
  }

  let stopped: Promise<void> | undefined;
  async function stop(): Promise<void> {
    isOpen = false;
    flush();
    worker.postMessage('stop' satisfies ToWriter, []);
    const timer = setTimeout(() => void worker.terminate(), STOP_MS);
    await ended.promise;
    clearTimeout(timer);
  }

  return {
    send(command, { idAt, text } = {}) {
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      const request = toRequest(command, text);
      const size = request.text.length;
      if (!isOpen || characters + size > MAX_CHARACTERS) {
        reject(new StoreUnavailableError('FAILED'));
      } else {
        characters += size;
        waiting.push({ characters: size, idAt, resolve, reject });
        post(request);
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
