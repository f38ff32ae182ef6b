/**
 * The picture of the results for the README, drawn from the raw figures so that it cannot say anything else:
 *
 *   node bench/chart.ts bench/RESULTS.json docs/bench.svg
 *
 * One group for each row: how many times the cost of the bare wire each server has. Shorter is better.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { argv } from 'node:process';

/** Rows that a picture can tell in one line each, in this order; those that were not measured are left out. */
const ROWS: Readonly<Record<string, string>> = {
  'fanout-small': 'An event to 1,000 WebSockets, CPU',
  'fanout-full': 'The same, all its fields, CPU',
  'fanout-sse-small': 'An event to 1,000 event streams, CPU',
  burst: '16 events at once to 1,000 WebSockets, CPU',
  'tasks-1000': '1,000 tasks, a watcher each, CPU',
  latency: 'Emit to received by 1,000, p99',
  'idle-memory': 'Memory of a waiting watcher',
  'emit-http': 'Mutations of one event over HTTP',
  'emit-batch': 'Mutations of 100 events',
};

/** The part of the raw figures that this file needs. */
interface Results {
  readonly machine: { readonly date: string; readonly node: string; readonly cores: number };
  readonly rows: readonly {
    readonly name: string;
    readonly entries: readonly {
      readonly label: string;
      readonly toYardstick?: { readonly other: string; readonly ratio: number };
    }[];
  }[];
}

interface Group {
  readonly title: string;
  readonly yardstick: string;
  readonly bars: readonly { readonly label: string; readonly ratio: number }[];
}

const WIDTH = 810;
const BAR = 16;
const LABEL_WIDTH = 150;
const SCALE_WIDTH = WIDTH - LABEL_WIDTH - 90;
const STYLE =
  'text{font:13px ui-sans-serif,system-ui,sans-serif;fill:#1c2430}.t{font-weight:600}.n,.p{fill:#6b7480}' +
  '.card{fill:#fdfdfb;stroke:#dcdfe4}.bar{fill:#b7bec9}.ours{fill:#2b6cb0}.one{stroke:#6b7480;stroke-dasharray:2 3}' +
  '@media (prefers-color-scheme:dark){text{fill:#e6e9ee}.n,.p{fill:#98a1ae}.card{fill:#14181e;stroke:#2c333d}' +
  '.bar{fill:#4a5361}.ours{fill:#7db3e8}.one{stroke:#98a1ae}}';

const [, , from = 'bench/RESULTS.json', to = 'docs/bench.svg'] = argv;
// Written by this bench.
writeFileSync(to, draw(JSON.parse(readFileSync(from, 'utf8')) as Results));

function draw({ machine, rows }: Results): string {
  const groups = Object.entries(ROWS).flatMap(([name, title]): Group[] => {
    const entries = rows.find((row) => row.name === name)?.entries ?? [];
    const bars = entries.flatMap(({ label, toYardstick }) =>
      toYardstick === undefined ? [] : [{ label, ratio: toYardstick.ratio }],
    );
    const yardstick = entries.find(({ toYardstick }) => toYardstick !== undefined)?.toYardstick?.other ?? '';
    return bars.length === 0 ? [] : [{ title, yardstick, bars }];
  });
  const parts: string[] = [];
  let y = 54;
  for (const group of groups) {
    parts.push(...drawGroup(group, y));
    y += 26 + group.bars.length * (BAR + 4) + 14;
  }
  const height = y + 24;
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img"`;
  const note = `${machine.date}, ${machine.cores} cores, Node ${machine.node}. How measured: bench/README.md`;
  return `${[
    `${head} aria-label="The cost of each server as a multiple of the bare wire's">`,
    `<style>${STYLE}</style>`,
    `<rect class="card" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="8"/>`,
    `<text class="t" x="20" y="28">Times the cost of the bare wire; shorter is better</text>`,
    ...parts,
    `<text class="n" x="20" y="${height - 16}">${note}</text>`,
    '</svg>',
  ].join('\n')}\n`;
}

function drawGroup({ title, yardstick, bars }: Group, top: number): readonly string[] {
  // Each group has a scale of its own: the rows do not measure the same thing.
  const longest = Math.max(2, ...bars.map(({ ratio }) => ratio));
  const lengthOf = (ratio: number): number => Math.round((ratio / longest) * SCALE_WIDTH * 10) / 10;
  const bottom = top + 26 + bars.length * (BAR + 4);
  const one = LABEL_WIDTH + lengthOf(1);
  return [
    `<text class="t" x="20" y="${top + 12}">${title}</text>`,
    `<text class="n" x="${WIDTH - 20}" y="${top + 12}" text-anchor="end">dotted: ${yardstick} = 1</text>`,
    ...bars.flatMap(({ label, ratio }, index) => {
      const y = top + 22 + index * (BAR + 4);
      const kind = label.startsWith('drumline') ? 'bar ours' : 'bar';
      return [
        `<text class="p" x="${LABEL_WIDTH - 8}" y="${y + 12.5}" text-anchor="end">${label}</text>`,
        `<rect class="${kind}" x="${LABEL_WIDTH}" y="${y}" width="${lengthOf(ratio)}" height="${BAR}" rx="2"/>`,
        `<text x="${LABEL_WIDTH + lengthOf(ratio) + 6}" y="${y + 12.5}">${ratio.toFixed(ratio < 10 ? 1 : 0)}×</text>`,
      ];
    }),
    `<line class="one" x1="${one}" x2="${one}" y1="${top + 18}" y2="${bottom}"/>`,
  ];
}
