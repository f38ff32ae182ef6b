/**
 * Moves what a stream has to say to the socket of its reader. Whatever is ready goes out at once and in one write, so
 * that a single event waits for nothing and a burst costs little more than one; then the stream says when there is more.
 * Nothing is read for a socket that does not take it: a slow reader stalls its own pump and nobody else.
 */
import type { PullStream } from '../util/pull-stream.ts';
import type { Turns } from '../util/turns.ts';
import type { Encode, Frame } from './frame.ts';

/** Where bytes go, each given as one character of a string. */
export interface Outlet {
  /** @returns false when the reader has not taken what was written before: nothing more until `resume` is called. */
  write(bytes: string): boolean;
  /** Call `resume` once the reader has taken what waits for it. */
  whenWritable(resume: () => void): void;
}

/** What a socket takes in one piece without setting memory aside for it (libuv writes 16 KiB from the stack). */
const WRITE_BYTES = 16 * 1024;

/** @returns when the stream is over. Rejects with what it failed with. To stop before, leave the stream. */
export function pump(stream: PullStream<Frame>, outlet: Outlet, encode: Encode, turns: Turns): Promise<void> {
  return new Promise((resolve, reject) => {
    /** Somebody will call again: the socket, or the next turn. */
    let isCalled = false;

    function proceed(): void {
      isCalled = false;
      run();
    }

    /** @returns whether the reader takes more. */
    function write(bytes: string): boolean {
      if (bytes === '' || outlet.write(bytes)) return true;
      isCalled = true;
      outlet.whenWritable(proceed);
      return false;
    }

    function run(): void {
      if (isCalled && !stream.isOver) return;
      let ready = '';
      try {
        for (let frame = stream.pull(); frame !== undefined; frame = stream.pull()) {
          ready += encode(frame);
          if (ready.length >= WRITE_BYTES) {
            const bytes = ready;
            ready = '';
            if (!write(bytes)) return;
          }
          if (turns.isUp) {
            if (!write(ready)) return;
            isCalled = true;
            return turns.inNext(proceed);
          }
        }
        write(ready);
        if (stream.isOver) resolve();
      } catch (error) {
        write(ready);
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    }

    stream.onReady = run;
    run();
  });
}
