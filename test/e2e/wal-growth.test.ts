/**
 * SQLite's write-ahead log does not grow with what was written. The server's own reads are short, however much there is
 * to catch up with. A program beside it that keeps a read transaction open is named in the server's log, hinders nobody,
 * and once it has gone the room is given back.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { startCountingWatcher } from '../support/counting-watcher.ts';
import { createEmitter } from '../support/emitter.ts';
import type { EmitInput } from '../support/fixtures.ts';
import { produce, progressEvent } from '../support/producers.ts';
import { startServer, type ServerProcess } from '../support/server-process.ts';
import { sized } from '../support/sizes.ts';
import { openTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

const MB = 1024 * 1024;
const MOST_MB = 64;
const SECONDS = sized({ usual: 5, full: 600 });
const PER_SECOND = sized({ usual: 400, full: 50 });
/** Enough to tell whether the WAL grows with it. */
const WRITTEN_MB = 80;
const WITHIN_MS = SECONDS * 1_000 + 90_000;
const WATCHERS = 20;
const BATCH = 20;
/** Events of a replay. */
const FAR = 300;
const DETAILS = '... on TaskEventRecorded { event { details } }';

interface Place extends AsyncDisposable {
  readonly server: ServerProcess;
  readonly path: string;
  readonly walMb: () => number;
  /** Large events, until it is aborted. */
  readonly load: (stop: AbortSignal) => Promise<void>;
}

async function openPlace(): Promise<Place> {
  await using owned = new AsyncDisposableStack();
  const directory = owned.use(await openTempDir());
  const path = join(directory.path, 'wal.db');
  const server = owned.use(await startServer({ store: `sqlite:${path}`, args: ['--log-level', 'warn'] }));
  const emitter = createEmitter({ url: server.graphqlUrl });
  const details = { text: 'x'.repeat(20_000) };
  let number = 0;
  const batch = (): readonly EmitInput[] =>
    Array.from({ length: BATCH }, () => {
      number += 1;
      return { ...progressEvent(`task-${number % 4}`, number), details };
    });
  const resources = owned.move();
  return {
    server,
    path,
    walMb: () => statSync(`${path}-wal`).size / MB,
    load: (stop) =>
      produce({
        producers: 2,
        perSecond: PER_SECOND,
        next: () => (stop.aborted ? undefined : batch()),
        send: (inputs) => emitter.emitUntilAcknowledged(inputs),
      }),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

test(
  `while watchers always catch up, the WAL stays below ${MOST_MB} MB, whatever is written`,
  async () => {
    await using place = await openPlace();
    const { server, path, walMb } = place;
    const stopping = new AbortController();
    const stop = stopping.signal;
    const loading = place.load(stop);
    const since = performance.now();
    let mostMb = 0;
    let replays = 0;
    const catchUp = async (index: number): Promise<void> => {
      while (!stop.aborted) {
        const options = {
          origin: server.origin,
          transport: index % 2 === 0 ? 'ws' : 'sse',
          selection: DETAILS,
        } as const;
        using watcher = startCountingWatcher({ ...options, taskId: `task-${index % 4}` });
        // So far that it had to read for a while, and anew.
        const isFar = (): boolean => stop.aborted || watcher.at >= FAR;
        await waitFor(isFar, { withinMs: WITHIN_MS, what: 'a replay', pollMs: 20 });
        expect(watcher.wrong).toEqual([]);
        replays += 1;
      }
    };
    const watching = Promise.all(Array.from({ length: WATCHERS }, async (_, index) => catchUp(index)));
    const isOver = (): boolean => {
      mostMb = Math.max(mostMb, walMb());
      return statSync(path).size > WRITTEN_MB * MB && performance.now() - since > SECONDS * 1_000;
    };
    await waitFor(isOver, { withinMs: WITHIN_MS, what: 'enough to be written', pollMs: 20 });
    stopping.abort();
    await Promise.all([loading, watching]);
    const writtenMb = statSync(path).size / MB;
    console.info(`WAL: at most ${Math.round(mostMb)} MB, of ${Math.round(writtenMb)} MB written; ${replays} replays`);
    expect(mostMb).toBeLessThan(MOST_MB);
    expect(server.stderr).toEqual([]);
  },
  WITHIN_MS + 20_000,
);

test('a program that keeps a read transaction open is warned of, holds up no emit, and leaves no large WAL', async () => {
  await using place = await openPlace();
  const { server, path, walMb } = place;
  const stopping = new AbortController();
  const loading = place.load(stopping.signal);
  const hasFile = (): boolean => statSync(path).size > 0 && walMb() > 0;
  await waitFor(hasFile, { withinMs: 5_000, what: 'something to be written' });
  using outside = new DatabaseSync(path, { readOnly: true });
  outside.exec('BEGIN; SELECT count(*) FROM meta');
  const said = (what: RegExp): number => server.stderr.filter((line) => what.test(line)).length;
  await waitFor(() => said(/the WAL .* read transaction/) > 0, { withinMs: 60_000, what: 'the warning', pollMs: 20 });
  expect(walMb()).toBeGreaterThan(MOST_MB / 2);
  // Once, not with each of the commits that come after it.
  const grownMb = walMb();
  await waitFor(() => walMb() > grownMb + 10, { withinMs: 20_000, what: 'emits to go on' });
  expect(said(/the WAL .* read transaction/)).toBe(1);
  outside.exec('COMMIT');
  await waitFor(() => said(/the WAL begins anew/) > 0, { withinMs: 10_000, what: 'the WAL to be free', pollMs: 20 });
  stopping.abort();
  await loading;
  expect(walMb()).toBeLessThanOrEqual(MOST_MB);
}, 120_000);
