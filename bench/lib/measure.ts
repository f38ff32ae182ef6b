/**
 * Asks a row of its servers in turn, A B C A B C, each time of a fresh process: what disturbs the machine for a while
 * then disturbs all of them, and a pair of the same turn can be compared.
 */
import type { Metrics } from '../load/job.ts';
import { startLoad, type Load } from './load.ts';
import type { Entry, Row } from './row.ts';
import { diedSoon, startServer, type RunningServer } from './server.ts';

export interface EntryResult {
  readonly label: string;
  /** One for each repeat that was. */
  readonly repeats: readonly Metrics[];
  /** How a peer that did not survive the row, or did not come through it, ended. */
  readonly died?: string;
  /** Ours, or a wrong count of anyone: the row cannot be trusted. */
  readonly failure?: string;
}

export interface RowResult {
  readonly row: Row;
  readonly entries: readonly EntryResult[];
}

/** Where an entry is measured. */
export interface Stage extends AsyncDisposable {
  use(entry: Entry, measure: (server: RunningServer, load: Load, prefix: string) => Promise<Metrics>): Promise<Metrics>;
}

export interface MeasureOptions {
  readonly stage: Stage;
  readonly repeats: number;
  say(line: string): void;
}

const TIMEOUT_MS = 180_000;
const NO_PROCESS = { port: Number.NaN, pid: Number.NaN };

export async function measureRow(row: Row, { stage, repeats, say }: MeasureOptions): Promise<RowResult> {
  const results = row.entries.map(({ label }) => ({ label, repeats: new Array<Metrics>() }));
  const ends = new Map<string, End>();
  const times = Math.min(repeats, row.maxRepeats ?? repeats);
  for (let repeat = 1; repeat <= times; repeat += 1) {
    for (const [index, entry] of row.entries.entries()) {
      // Whoever died or failed would do it again.
      if (ends.has(entry.label)) continue;
      const outcome = await measureOnce(row, entry, stage);
      const what = `${row.name} ${repeat}/${times} ${entry.label}`;
      if ('metrics' in outcome) {
        results[index]?.repeats.push(outcome.metrics);
        say(`${what}: ${(outcome.metrics[row.metric] ?? Number.NaN).toPrecision(4)} ${row.unit}`);
      } else {
        ends.set(entry.label, outcome);
        say(`${what}: ${'died' in outcome ? outcome.died : `FAILED: ${outcome.failure}`}`);
      }
    }
  }
  return { row, entries: results.map((result) => ({ ...result, ...ends.get(result.label) })) };
}

type End = { readonly died: string } | { readonly failure: string };

async function measureOnce(row: Row, entry: Entry, stage: Stage): Promise<{ readonly metrics: Metrics } | End> {
  let end: End | undefined;
  try {
    const metrics = await stage.use(entry, async (server, load, prefix) => {
      const { processes, services, directory } = server;
      const [first = NO_PROCESS] = processes;
      try {
        return await load.run(
          { target: { ...first, processes, services, directory, prefix }, work: entry.work },
          row.timeoutMs ?? TIMEOUT_MS,
        );
      } catch (error) {
        const death = await diedSoon(server);
        const isOurs = entry.server.includes('drumline');
        if (death !== undefined) end = isOurs ? { failure: `died (${death})` } : { died: `died (${death})` };
        else if (!isOurs && row.peersMayFail) end = { died: `did not come through (${toMessage(error)})` };
        throw error;
      }
    });
    return { metrics };
  } catch (error) {
    return end ?? { failure: toMessage(error) };
  }
}

function toMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A fresh server and a fresh load process for each measurement. */
export function createFreshStage(): Stage {
  return {
    async use({ server: name, cores = '0' }, measure) {
      await using server = await startServer(name, cores);
      using load = startLoad();
      return await measure(server, load, 'bench');
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** One process for each server and one for the load, kept for all rows: quick, and good for no figure. */
export function createSharedStage(): Stage {
  const servers = new Map<string, RunningServer>();
  const load = startLoad();
  let uses = 0;
  return {
    async use({ server: name }, measure) {
      let server = servers.get(name);
      if (server === undefined || server.death !== undefined)
        servers.set(name, (server = await startServer(name, '0')));
      uses += 1;
      return measure(server, load, `smoke${uses}`);
    },
    async [Symbol.asyncDispose]() {
      load[Symbol.dispose]();
      for (const server of servers.values()) await server[Symbol.asyncDispose]();
    },
  };
}
