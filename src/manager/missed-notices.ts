/**
 * How many wake-ups the bus lost: changes that a look at the log found and no notice told of. A notice may be on its
 * way while we look, so what was found is judged at the look after, when its notice had all that time to come.
 */
export interface MissedNotices {
  /** A notice told of the task. */
  told(taskId: string): void;
  /** A look at the log found the task changed. */
  found(taskId: string): void;
  /** Before each look at the log. */
  nextLook(): void;
  /** Nobody looked, or noted what was told, until now: the next look finds what is older, and is not judged. */
  begin(): void;
  readonly count: number;
}

export function createMissedNotices(): MissedNotices {
  let count = 0;
  let told = new Set<string>();
  let toldBefore = new Set<string>();
  let untold = new Set<string>();
  let looks = 0;

  return {
    told(taskId) {
      told.add(taskId);
      untold.delete(taskId);
    },
    found(taskId) {
      if (looks > 1 && !told.has(taskId) && !toldBefore.has(taskId)) untold.add(taskId);
    },
    nextLook() {
      looks += 1;
      count += untold.size;
      untold = new Set();
      toldBefore = told;
      told = new Set();
    },
    begin() {
      looks = 0;
      told = new Set();
      toldBefore = new Set();
      untold = new Set();
    },
    get count() {
      return count;
    },
  };
}
