/**
 * Moves what a stream has to say to the socket of its reader. Whatever is ready goes out at once and in one write, so
 * that a single event waits for nothing and a burst costs little more than one; then the stream says when there is more.
 * Nothing is read for a socket that does not take it: a slow reader stalls its own pump and nobody else.
 *
 * There is one for each watcher, and what an event costs is mostly the memory that is touched for each of them: so it
 * is one small object, which its stream, its socket and the turns know as it is.
 */
import type { PullStream, Reader } from '../util/pull-stream.ts';
import type { Resumable, Turns } from '../util/turns.ts';
import type { Encoder, Frame } from './frame.ts';

/** Where bytes go, each given as one character of a string. */
export interface Outlet {
  /** @returns false when the reader has not taken what was written before: nothing more until it has. */
  write(bytes: string): boolean;
  /** Resume it once the reader has taken what waits for it. */
  whenWritable(writer: Resumable): void;
}

/** What a socket takes in one piece without setting memory aside for it (libuv writes 16 KiB from the stack). */
const WRITE_BYTES = 16 * 1024;

/** @returns when the stream is over. Rejects with what it failed with. To stop before, leave the stream. */
export function pump(stream: PullStream<Frame>, outlet: Outlet, encoder: Encoder, turns: Turns): Promise<void> {
  return new Promise((resolve, reject) => {
    const started = new Pump({ stream, outlet, encoder, turns, settle: { resolve, reject } });
    stream.reader = started;
    started.ready();
  });
}

interface Parts {
  readonly stream: PullStream<Frame>;
  readonly outlet: Outlet;
  readonly encoder: Encoder;
  readonly turns: Turns;
  readonly settle: { readonly resolve: () => void; readonly reject: (error: Error) => void };
}

class Pump implements Reader, Resumable {
  readonly #stream: PullStream<Frame>;
  readonly #outlet: Outlet;
  readonly #encoder: Encoder;
  readonly #turns: Turns;
  readonly #settle: Parts['settle'];
  /** Somebody will resume it: the socket, or the next turn. */
  #isStopped = false;
  #isRunning = false;

  constructor({ stream, outlet, encoder, turns, settle }: Parts) {
    this.#stream = stream;
    this.#outlet = outlet;
    this.#encoder = encoder;
    this.#turns = turns;
    this.#settle = settle;
  }

  resume(): void {
    this.#isStopped = false;
    this.ready();
  }

  ready(): void {
    const stream = this.#stream;
    // A stream that is pulled may say that it is over while it fails: that is seen below.
    if (this.#isRunning || (this.#isStopped && !stream.isOver)) return;
    this.#isRunning = true;
    const { shared, end } = this.#encoder;
    let bytes = '';
    try {
      let frame = stream.pull();
      while (frame !== undefined) {
        bytes += frame.encode(shared) + end;
        if (bytes.length >= WRITE_BYTES) {
          const full = bytes;
          bytes = '';
          if (!this.#write(full)) return;
        }
        frame = stream.pull();
        // Whoever has nothing more to say need not wait for its turn to say the next thing.
        if (frame !== undefined && this.#turns.isUp) return this.#goOnLater(bytes, frame);
      }
      this.#write(bytes);
      if (stream.isOver) this.#settle.resolve();
    } catch (error) {
      this.#write(bytes);
      this.#settle.reject(error instanceof Error ? error : new Error(String(error)));
    } finally {
      this.#isRunning = false;
    }
  }

  #goOnLater(bytes: string, frame: Frame): void {
    // Until it is pulled again the stream may end, and whoever reads it may have lost the right to what is left.
    this.#stream.giveBack(frame);
    if (!this.#write(bytes)) return;
    this.#isStopped = true;
    this.#turns.inNext(this);
  }

  /** @returns whether the reader takes more; else the pump stands still until it does. */
  #write(bytes: string): boolean {
    if (bytes === '' || this.#outlet.write(bytes)) return true;
    this.#isStopped = true;
    this.#outlet.whenWritable(this);
    return false;
  }
}
