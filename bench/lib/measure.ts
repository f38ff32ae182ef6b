/**
 * Asks a row of its servers in turn, A B C A B C, each time of a fresh process: what disturbs the machine for a while
 * then disturbs all of them, and a pair of the same turn can be compared.
 */
import { runLoad } from './load.ts';
import type { Metrics } from '../load/jobs.ts';
import type { Entry, Row } from './row.ts';
import { diedSoon, startServer } from './server.ts';

export interface EntryResult {
  readonly label: string;
  /** One for each repeat; undefined where there is none. */
  readonly repeats: readonly (Metrics | undefined)[];
  /** Of a peer that did not survive the row. */
  readonly died?: string;
  /** Ours, or a wrong count of anyone: the row cannot be trusted. */
  readonly failure?: string;
}

export interface RowResult {
  readonly row: Row;
  readonly entries: readonly EntryResult[];
}

const TIMEOUT_MS = 180_000;

export async function measureRow(row: Row, repeats: number, say: (line: string) => void): Promise<RowResult> {
  const results = row.entries.map(({ label }) => ({ label, repeats: new Array<Metrics | undefined>() }));
  const ends = new Map<string, { died?: string; failure?: string }>();
  for (let repeat = 1; repeat <= repeats; repeat += 1) {
    for (const [index, entry] of row.entries.entries()) {
      // Whoever died or failed would do it again.
      if (ends.has(entry.label)) continue;
      const outcome = await measureOnce(row, entry);
      if ('metrics' in outcome) {
        results[index]?.repeats.push(outcome.metrics);
        const figure = outcome.metrics[row.metric] ?? Number.NaN;
        say(`${row.name} ${repeat}/${repeats} ${entry.label}: ${figure.toPrecision(4)} ${row.unit}`);
      } else {
        ends.set(entry.label, outcome);
        say(`${row.name} ${repeat}/${repeats} ${entry.label}: ${outcome.died ?? outcome.failure ?? ''}`);
      }
    }
  }
  return { row, entries: results.map((result) => ({ ...result, ...ends.get(result.label) })) };
}

type Outcome = { readonly metrics: Metrics } | { readonly died?: string; readonly failure?: string };

async function measureOnce(row: Row, { server: name, cores = '0', work }: Entry): Promise<Outcome> {
  try {
    await using server = await startServer(name, cores);
    const { port, pid, directory } = server;
    try {
      return { metrics: await runLoad({ target: { port, pid, directory }, work }, row.timeoutMs ?? TIMEOUT_MS) };
    } catch (error) {
      const death = await diedSoon(server);
      const reason = error instanceof Error ? error.message : String(error);
      if (death === undefined) return { failure: reason };
      return name.startsWith('drumline') ? { failure: `died (${death})` } : { died: death };
    }
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}
