/**
 * How much each took in the present second. All seconds begin at once, so that forgetting is clearing one map: nothing
 * is kept of who has gone, and no timer runs. Around the turn of a second twice as much may pass.
 */
const WINDOW_MS = 1_000;

export class Rates<Key> {
  readonly #max: number;
  readonly #now: () => number;
  readonly #taken = new Map<Key, number>();
  #window = 0;

  /** @param now any clock that only goes forwards, milliseconds. */
  constructor(max: number, now: () => number = () => performance.now()) {
    this.#max = max;
    this.#now = now;
  }

  /** @returns undefined when that was still within the bound; else after how many milliseconds there is more. */
  take(key: Key, amount = 1): number | undefined {
    const time = this.#now();
    const window = Math.floor(time / WINDOW_MS);
    if (window !== this.#window) {
      this.#window = window;
      this.#taken.clear();
    }
    const taken = (this.#taken.get(key) ?? 0) + amount;
    if (taken > this.#max) return Math.ceil((window + 1) * WINDOW_MS - time);
    this.#taken.set(key, taken);
    return undefined;
  }
}
