/** What a process that was killed had acknowledged is there, and what a disk refused to keep is never acknowledged. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openSqliteLog } from '../../src/log/sqlite-log.ts';
import { openRandom } from '../support/random.ts';
import { systemProgram } from '../support/system-program.ts';
import { openTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';
import { expectWhole, startStoreProcess, type StoreProcess } from './sqlite-support.ts';

const strace = systemProgram('strace', { debian: 'strace' });

interface Said {
  /** By task and sequence: id and hash. */
  readonly stored: ReadonlyMap<string, string>;
  /** Ids whose append surely failed. */
  readonly failed: readonly string[];
}

function readLines(lines: readonly string[]): Said {
  const words = lines.map((line) => line.split(' '));
  const stored = words.filter(([kind]) => kind === 'stored');
  const failed = words.filter(([kind, , , , outcome]) => kind === 'refused' && outcome === 'FAILED');
  return {
    stored: new Map(stored.map(([, taskId, seq, eventId, hash]) => [`${taskId} ${seq}`, `${eventId} ${hash}`])),
    failed: failed.map(([, , eventId]) => eventId ?? ''),
  };
}

/** Every task whole, every acknowledged event in its place with its hash, none that surely failed. */
async function expectKept(path: string, said: Said): Promise<void> {
  await using log = await openSqliteLog({ path, snapshotEvery: 10 });
  const found = new Map<string, string>();
  for (const { genesis } of await log.tasks({ limit: 100 })) {
    for (const { seq, eventId, hash } of await expectWhole(log, genesis.taskId)) {
      found.set(`${genesis.taskId} ${seq}`, `${eventId} ${hash}`);
    }
  }
  for (const [place, event] of said.stored) expect(found.get(place)).toBe(event);
  const ids = new Set([...found.values()].map((event) => event.split(' ')[0]));
  expect(said.failed.filter((eventId) => ids.has(eventId))).toEqual([]);
}

async function storedLines(owner: StoreProcess, count: number): Promise<void> {
  const enough = (): boolean => owner.lines.filter((line) => line.startsWith('stored')).length >= count;
  await waitFor(enough, { withinMs: 20_000, what: `${count} events to be stored` });
}

test('an acknowledged event survives kill -9 of its process, again and again', { timeout: 120_000 }, async () => {
  const random = openRandom('kill -9 of the writer');
  await using dir = await openTempDir();
  const path = join(dir.path, 'log.db');
  const lines: string[] = [];
  for (let round = 1; round <= 20; round += 1) {
    await using owner = startStoreProcess({ mode: 'append', path, prefix: `r${round}` });
    await storedLines(owner, random.int(1, 300));
    await owner.kill('SIGKILL');
    lines.push(...owner.lines);
    expect(owner.lines.filter((line) => line.startsWith('refused') || line.startsWith('failed'))).toEqual([]);
  }
  await expectKept(path, readLines(lines));
});

describe.skipIf(!strace.present)('the disk', () => {
  test('no append is acknowledged before an fsync that covers it', async () => {
    await using dir = await openTempDir();
    const trace = join(dir.path, 'trace');
    const under = [strace.path, '-f', '-qq', '-o', trace, '-e', 'trace=fdatasync,fsync,write'];
    await using owner = startStoreProcess({ mode: 'append-one', path: join(dir.path, 'log.db'), under });
    await storedLines(owner, 100);
    await owner.finish();
    let synced = 0;
    let stored = 0;
    for (const line of readFileSync(trace, 'utf8').split('\n')) {
      if (/f(data)?sync.*= 0$/.test(line)) synced += 1;
      if (!line.includes('write(1, "stored ')) continue;
      stored += 1;
      expect(synced).toBeGreaterThan(0);
      synced = 0;
    }
    expect(stored).toBeGreaterThanOrEqual(100);
  });

  test('after an fsync that failed, nothing is acknowledged any more until the store is opened again', async () => {
    await using dir = await openTempDir();
    const path = join(dir.path, 'log.db');
    const under = [strace.path, '-f', '-qq', '-o', '/dev/null', '-e', 'trace=fdatasync,fsync'];
    const inject = ['-e', 'inject=fdatasync,fsync:error=EIO:when=30+'];
    await using owner = startStoreProcess({ mode: 'append', path, under: [...under, ...inject] });
    await owner.line('refused');
    const enough = (): boolean => owner.lines.filter((line) => line.startsWith('refused')).length > 50;
    await waitFor(enough, { withinMs: 20_000, what: 'later appends to be refused' });
    await owner.finish();
    const isResult = (line: string): boolean => line.startsWith('stored') || line.startsWith('refused');
    const results = owner.lines.filter(isResult);
    const afterFirst = results.slice(results.findIndex((line) => line.startsWith('refused')));
    expect(results.some((line) => line.startsWith('stored'))).toBe(true);
    expect(afterFirst.filter((line) => line.startsWith('stored'))).toEqual([]);
    expect(afterFirst.filter((line) => !line.includes('STORE_UNAVAILABLE'))).toEqual([]);
    expect(afterFirst.some((line) => line.endsWith('UNKNOWN'))).toBe(true);
    expect(afterFirst.at(-1)).toMatch(/FAILED$/);
    expect(owner.lines.filter((line) => line.startsWith('ready')).at(-1)).toBe('ready false');
    await expectKept(path, readLines(owner.lines));
  });
});
