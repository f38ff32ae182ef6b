/**
 * Streams that catch up always have something to do and never wait for I/O: left alone they would hold the event loop,
 * and with it every other request, until the last of them is done. They share its turns instead.
 */
export interface Resumable {
  resume(): void;
}

export interface Turns {
  /** True once the present turn of the event loop has been used up: whoever has more to do goes on in the next. */
  readonly isUp: boolean;
  inNext(what: Resumable): void;
}

/** @param mostMs how long one turn may be used up. */
export function createTurns(mostMs = 10): Turns {
  let began: number | undefined;
  let asked = 0;
  let isUp = false;
  let waiting: Resumable[] = [];

  function nextTurn(): void {
    const resumed = waiting;
    waiting = [];
    began = undefined;
    isUp = false;
    for (const what of resumed) what.resume();
  }

  return {
    get isUp() {
      if (began === undefined) {
        began = performance.now();
        setImmediate(nextTurn);
      }
      // Not each time: looking at the clock costs as much as what is done in between.
      asked += 1;
      if (asked % 16 === 0) isUp ||= performance.now() - began >= mostMs;
      return isUp;
    },
    inNext: (what) => void waiting.push(what),
  };
}
