/**
 * Streams that catch up always have something to do and never wait for I/O: left alone they would hold the event loop,
 * and with it every other request, until the last of them is done. They share its turns instead: each goes on until the
 * turn is used up, and then waits for its own in the order in which they came.
 */
import { createQueue } from './queue.ts';

export interface Resumable {
  resume(): void;
}

export interface Turns {
  /** True once the present turn of the event loop has been used up: whoever has more to do goes on in a later one. */
  readonly isUp: boolean;
  inNext(what: Resumable): void;
}

/** @param mostMs how long one turn may be used up. */
export function createTurns(mostMs = 1): Turns {
  const waiting = createQueue<Resumable>();
  let began: number | undefined;
  let asked = 0;
  let isUp = false;

  function begin(): void {
    began = performance.now();
    isUp = false;
    setImmediate(nextTurn);
  }

  function nextTurn(): void {
    began = undefined;
    if (waiting.length === 0) return;
    begin();
    do waiting.shift()?.resume();
    while (waiting.length > 0 && !look());
  }

  /** @returns whether the turn is up, by the clock. */
  function look(): boolean {
    isUp ||= began !== undefined && performance.now() - began >= mostMs;
    return isUp;
  }

  return {
    get isUp() {
      if (began === undefined) begin();
      // Not each time: looking at the clock costs as much as what is done in between.
      asked += 1;
      return asked % 16 === 0 ? look() : isUp;
    },
    inNext: waiting.push,
  };
}
