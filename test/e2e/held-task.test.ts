/**
 * The store is slow for one task: another session holds its row in Postgres. The emits of that task wait, and nobody
 * else's do. Over SQLite there is one writer, so a slow disk holds up every emit; what only reads, and the heartbeats,
 * go on.
 */
import { Client } from 'pg';
import { expect, test } from 'vitest';
import { createEmitter, type Emitter } from '../support/emitter.ts';
import { injectIntoFlush } from '../support/failing-disk.ts';
import { startMachineProbe } from '../support/machine-probe.ts';
import { percentile } from '../support/percentile.ts';
import { progressEvent } from '../support/producers.ts';
import { readProgress } from '../support/read-log.ts';
import { startServer } from '../support/server-process.ts';
import { startServers } from '../support/servers.ts';
import { createSseClient } from '../support/sse-client.ts';
import { systemProgram } from '../support/system-program.ts';
import { openTempDir } from '../support/temp-dir.ts';
import { settlesWithin, waitFor } from '../support/wait-for.ts';

const HELD_MS = 2_000;
const TIMES = 4;
const PER_SECOND = 60;
const BEAT_MS = 250;
const strace = systemProgram('strace', { debian: 'strace' });

test('a row that is held for 2 s in Postgres delays the emits of its task, and those of no other', async () => {
  await using servers = await startServers({ servers: 1 });
  const { graphqlUrl, origin } = servers.member(0);
  const emitter = createEmitter({ url: graphqlUrl });
  for (const taskId of ['held', ...others()]) await emitter.emitUntilAcknowledged(progressEvent(taskId, 0));
  const [schema] = await servers.postgres.query(`SELECT schemaname FROM pg_tables WHERE tablename = 'drumline_task'`);
  const session = new Client({ connectionString: servers.postgres.url });
  await session.connect();
  try {
    await emitFor(emitter, HELD_MS); // Until all code is warm.
    const alone = await emitFor(emitter, HELD_MS);
    using machine = startMachineProbe([origin]);
    const during: number[] = [];
    for (let time = 1; time <= TIMES; time += 1) {
      await session.query('BEGIN');
      await session.query(
        `SELECT 1 FROM ${String(schema?.['schemaname'])}.drumline_task WHERE task_id = 'held' FOR UPDATE`,
      );
      const since = performance.now();
      const held = emitter.emitUntilAcknowledged(progressEvent('held', time));
      during.push(...(await emitFor(emitter, HELD_MS)));
      await session.query('ROLLBACK');
      await settlesWithin(held, { withinMs: 5_000, what: 'the emit of the held task' });
      expect(performance.now() - since).toBeGreaterThan(HELD_MS * 0.9);
    }
    const figures = [percentile(alone, 0.99), percentile(during, 0.99), Math.max(...during)].map(Math.round);
    console.info(
      `held task: p99 of the others ${figures[0]} ms alone, ${figures[1]} ms beside it, worst ${figures[2]} ms`,
    );
    expect(percentile(during, 0.99)).toBeLessThan(2 * percentile(alone, 0.99) + 50 + machine.allowanceMs);
    // Whoever shares a transaction with the held one waits until it is set aside.
    expect(Math.max(...during)).toBeLessThan(2 * Math.max(...alone) + 1_000 + machine.allowanceMs);
  } finally {
    await session.end();
  }
}, 90_000);

test.skipIf(!strace.present)(
  'a disk under SQLite that takes 2 s for a flush delays emits, and nothing else',
  async () => {
    await using directory = await openTempDir();
    await using server = await startServer({
      store: directory.sqliteStore,
      args: ['--keep-alive-ms', String(BEAT_MS), '--log-level', 'warn'],
    });
    const emitter = createEmitter({ url: server.graphqlUrl });
    await emitter.emitUntilAcknowledged(progressEvent('t', 0));
    const query = 'subscription { taskUpdates(taskId: "t") { cursor } }';
    await using idle = await createSseClient({ url: server.graphqlUrl, query });
    await idle.next();
    const beats = (): number => idle.text.split('\n').filter((line) => line.startsWith(':')).length;
    const readMs = async (): Promise<number> => {
      const since = performance.now();
      await readProgress(server.graphqlUrl, 't');
      return performance.now() - since;
    };
    const reads: number[] = [];
    {
      await using _slow = await injectIntoFlush(server.pid, `delay_enter=${HELD_MS * 1_000}`);
      const before = beats();
      const since = performance.now();
      const emits = [emitter.emit(progressEvent('t', 1)), emitter.emit(progressEvent('u', 1))];
      const answered = Promise.race(emits).then(() => performance.now() - since);
      let isAnswered = false;
      void answered.then(() => (isAnswered = true));
      await waitFor(
        async () => {
          reads.push(await readMs());
          return isAnswered;
        },
        { withinMs: 15_000, what: 'the emits to be answered', pollMs: 20 },
      );
      expect(await answered, 'the disk was slow').toBeGreaterThan(HELD_MS * 0.9);
      expect(beats() - before).toBeGreaterThanOrEqual(4);
      await Promise.all(emits);
    }
    console.info(`slow flush: ${reads.length} reads, p99 ${Math.round(percentile(reads, 0.99))} ms`);
    expect(percentile(reads, 0.95)).toBeLessThan(HELD_MS / 4);
    expect(await emitter.emitUntilAcknowledged(progressEvent('t', 2))).toMatchObject({ outcome: 'ok' });
  },
  60_000,
);

function others(): readonly string[] {
  return Array.from({ length: 8 }, (_, index) => `other-${index}`);
}

/** Emits to the other tasks at a steady rate, whatever the answers take. @returns how long each took, milliseconds. */
async function emitFor(emitter: Emitter, forMs: number): Promise<readonly number[]> {
  const answers: Promise<number>[] = [];
  const start = performance.now();
  const tasks = others();
  const isOver = (): boolean => {
    const elapsed = performance.now() - start;
    while (answers.length < (Math.min(elapsed, forMs) / 1_000) * PER_SECOND) {
      answers.push(timed(emitter, tasks[answers.length % tasks.length] ?? ''));
    }
    return elapsed >= forMs;
  };
  await waitFor(isOver, { withinMs: forMs + 5_000, what: 'the load' });
  return Promise.all(answers);
}

async function timed(emitter: Emitter, taskId: string): Promise<number> {
  const since = performance.now();
  const { eventId, ...event } = progressEvent(taskId, 0);
  const { outcome } = await emitter.emit({ ...event, eventId: `${eventId}-${crypto.randomUUID()}` });
  expect(outcome).toBe('ok');
  return performance.now() - since;
}
