/** `npm run chaos`: the chaos run by hand, for as long as you like. */
import { parseArgs } from 'node:util';
import { runChaos, type ChaosReport } from './run.ts';

const HELP = `Hurts a real server in every way that this machine allows, while events are emitted and watched, and judges
the whole history at the end. Exit code 1 when a promise was broken.

  --seconds N   how long (default: 1800)
  --rate N      events a second (default: 200)
  --help

DRUMLINE_TEST_SEED=N repeats the order of a run. Some faults need root, strace and prlimit; what cannot be injected is
named with the reason.
`;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '1800' },
    rate: { type: 'string', default: '200' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  process.stdout.write(HELP);
} else {
  const since = performance.now();
  const report = await runChaos({
    seconds: wholeNumber(values.seconds, '--seconds'),
    perSecond: wholeNumber(values.rate, '--rate'),
    onFault: (name, recoveredMs) => {
      const at = Math.round((performance.now() - since) / 1_000);
      process.stdout.write(
        `${String(at).padStart(6)} s  ${name.padEnd(56)} all recovered after ${Math.round(recoveredMs)} ms\n`,
      );
    },
  });
  process.stdout.write(describe(report));
  process.exitCode = report.problems.length === 0 ? 0 : 1;
}

function describe({ seed, faults, events, deliveries, problems }: ChaosReport): string {
  const rows = faults.map(({ name, times, slowestMs, skipped }) => {
    const figures = skipped ?? `${String(times).padStart(4)} times, slowest recovery ${Math.round(slowestMs)} ms`;
    return `  ${name.padEnd(56)} ${figures}`;
  });
  const verdict = problems.length === 0 ? 'No promise was broken.' : ['BROKEN:', ...problems].join('\n  ');
  return ['', ...rows, '', `${events} events, ${deliveries} deliveries written down, seed ${seed}`, verdict, ''].join(
    '\n',
  );
}

function wholeNumber(text: string, flag: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new Error(`${flag} must be a whole number from 1 on`);
}
