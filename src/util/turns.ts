/**
 * Streams that catch up always have something to do and never wait for I/O: left alone they would hold the event loop,
 * and with it every other request, until the last of them is done. They share its turns instead.
 */
export interface Turns {
  /** True once the present turn of the event loop has been used up: whoever has more to do goes on in the next. */
  readonly isUp: boolean;
  inNext(resume: () => void): void;
}

/** @param mostMs how long one turn may be used up. */
export function createTurns(mostMs = 10): Turns {
  let began: number | undefined;
  let asked = 0;
  let isUp = false;
  let waiting: (() => void)[] = [];

  function nextTurn(): void {
    const resumed = waiting;
    waiting = [];
    began = undefined;
    isUp = false;
    for (const resume of resumed) resume();
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
    inNext: (resume) => void waiting.push(resume),
  };
}
