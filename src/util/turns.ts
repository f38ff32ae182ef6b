/**
 * Streams that catch up always have something to do and never wait for I/O: on promises alone they would hold the
 * event loop, and with it every other request, until the last of them is done. They share its turns instead.
 */
export interface Turns {
  /** Undefined while the present turn of the event loop is young; else resolves in the next turn. */
  share(): Promise<void> | undefined;
}

/** @param mostMs how long one turn may be used up. */
export function createTurns(mostMs = 10): Turns {
  let began: number | undefined;
  let waiting: (() => void)[] = [];

  function nextTurn(): void {
    const resumed = waiting;
    waiting = [];
    began = undefined;
    for (const resume of resumed) resume();
  }

  return {
    share() {
      if (began === undefined) {
        began = performance.now();
        setImmediate(nextTurn);
        return undefined;
      }
      if (performance.now() - began < mostMs) return undefined;
      return new Promise((resolve) => waiting.push(resolve));
    },
  };
}
