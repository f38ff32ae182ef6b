/**
 * Random tests are only worth something when a failure can be played again: every choice comes from one seed, which
 * the test prints. `DRUMLINE_TEST_SEED` sets it.
 */

export interface Random {
  readonly seed: number;
  /** Uniform in [0, 1). */
  next(): number;
  /** A whole number, both ends included. */
  int(least: number, most: number): number;
  pick<T>(choices: readonly T[]): T;
  /** All of them, in another order. */
  shuffle<T>(items: readonly T[]): T[];
}

/** The mulberry32 generator: small, and good enough to choose moments and victims. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const int = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1));
  return {
    seed,
    next,
    int,
    pick(choices) {
      const [chosen] = choices.slice(int(0, choices.length - 1)).map((value) => ({ value }));
      if (chosen === undefined) throw new RangeError('nothing to pick from');
      return chosen.value;
    },
    shuffle: (items) =>
      items
        .map((item) => ({ item, place: next() }))
        .toSorted((one, other) => one.place - other.place)
        .map(({ item }) => item),
  };
}

/** The seed of this run: the one asked for, or a new one; printed, so that a failure can be repeated. */
export function openRandom(testName: string): Random {
  const asked = Number(process.env['DRUMLINE_TEST_SEED']);
  const seed = Number.isSafeInteger(asked) && asked > 0 ? asked : Math.floor(Math.random() * 2 ** 31) + 1;
  console.info(`${testName}: DRUMLINE_TEST_SEED=${seed}`);
  return createRandom(seed);
}
