/** A minute of chaos: every fault that this machine allows, under load, and a history in which no promise is broken. */
import { expect, test } from 'vitest';
import { runChaos } from '../chaos/run.ts';
import { sized } from '../support/sizes.ts';

const SECONDS = sized({ usual: 60, full: 1_800 });

test(
  `${SECONDS} seconds of faults under load leave a history that keeps every promise`,
  { timeout: (SECONDS + 240) * 1_000 },
  async () => {
    const report = await runChaos({ seconds: SECONDS });
    const told = report.faults.map(({ name, times, slowestMs, skipped }) => {
      return skipped === undefined
        ? `${name}: ${times} times, slowest recovery ${Math.round(slowestMs)} ms`
        : `${name}: ${skipped}`;
    });
    console.info(`chaos, seed ${report.seed}, ${report.events} events\n${told.join('\n')}`);
    expect(report.problems, `seed ${report.seed}`).toEqual([]);
    expect(report.faults.filter(({ times, skipped }) => times === 0 && skipped === undefined)).toEqual([]);
  },
);
