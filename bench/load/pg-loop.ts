/**
 * The limit of an append to Postgres: one connection that sends the statements of ours with rows of the same size, and
 * does nothing else. No numbers are worked out, no hashes, no states; what is written could not be read as a log.
 */
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { COLUMNS, WRITE } from '../../src/log/postgres/statements.ts';
import { columnsOf, list, type Cell } from '../../src/log/postgres/table-param.ts';
import type { Statement } from '../../src/log/postgres/connection.ts';
import { openPostgresLog } from '../../src/log/postgres-log.ts';
import type { Metrics, Target } from './job.ts';

export interface PgLoopParams {
  /** Events of one transaction. */
  readonly batch: number;
  readonly warmUp: number;
  readonly batches: number;
}

const FIRST = {
  taskId: 'bare',
  eventId: 'first',
  eventType: 'progress_update',
  component: 'camina',
  stage: 'analysis',
  message: 'Comparing nineteen listings near the harbour with what was asked for',
  progress: 0.5,
} as const;

export async function pgLoop({ services }: Target, { batch, warmUp, batches }: PgLoopParams): Promise<Metrics> {
  const url = services.postgres ?? '';
  // Makes the tables, and one row of each for a pattern.
  await using log = await openPostgresLog({ url });
  await log.append([FIRST]);
  // As ours: statements are sent without waiting for the answers of those before.
  const client = new Client({ connectionString: url, pipeline: true });
  await client.connect();
  try {
    const pattern = await readPattern(client);
    let seq = 1;
    const run = async (times: number): Promise<void> => {
      for (let turn = 0; turn < times; turn += 1) {
        await transaction(client, pattern, { seq, batch });
        seq += batch;
      }
    };
    await run(warmUp);
    const since = performance.now();
    await run(batches);
    return { eventsPerSecond: (batches * batch) / ((performance.now() - since) / 1_000) };
  } finally {
    await client.end();
  }
}

type Cells<Columns extends readonly { readonly name: string }[]> = Record<Columns[number]['name'], Cell>;
interface Pattern {
  readonly head: Cells<typeof COLUMNS.head>;
  readonly component: Cells<typeof COLUMNS.component>;
  readonly event: Cells<typeof COLUMNS.event>;
}

async function readPattern(client: Client): Promise<Pattern> {
  const first = async <Row extends object>(table: string): Promise<Row> => {
    const [row] = (await client.query<Row>(`SELECT * FROM ${table} LIMIT 1`)).rows;
    if (row === undefined) throw new Error(`no row in ${table}`);
    return row;
  };
  return {
    head: await first('drumline_task'),
    component: await first('drumline_component'),
    event: await first('drumline_event'),
  };
}

/** In two steps, as ours: what is to be written is known only when the task is locked. */
async function transaction(
  client: Client,
  { head, component, event }: Pattern,
  { seq, batch }: { readonly seq: number; readonly batch: number },
): Promise<void> {
  const hash = randomBytes(8).toString('hex');
  const events = Array.from({ length: batch }, (_, index) => {
    const number = seq + 1 + index;
    return { ...event, seq: number, event_id: `id-${number}`, hash };
  });
  const ask = (statement: Statement, values: readonly unknown[]): Promise<unknown> =>
    client.query({ ...statement, values: [...values] });
  await Promise.all([client.query(WRITE.begin), ask(WRITE.now, []), ask(WRITE.lock, [list('text', [FIRST.taskId])])]);
  await Promise.all([
    ask(WRITE.insertEvents, columnsOf(COLUMNS.event, events)),
    ask(WRITE.putComponents, columnsOf(COLUMNS.component, [component])),
    ask(WRITE.updateTasks, columnsOf(COLUMNS.head, [{ ...head, seq: seq + batch, hash }])),
    client.query('COMMIT'),
  ]);
}
