/**
 * A SQLite store to look at. It takes no lock but those of a read, each short, so that a server that owns the file goes
 * on, and starts, as if nobody looked. Beside a file that nobody has open SQLite may leave an empty `-wal` and `-shm`.
 */
import { access, constants, realpath } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { StoreCorruptError } from '../../domain/errors.ts';
import { StoreUnusableError } from '../stored/open-error.ts';
import { numberOf, textOf } from '../stored/rows.ts';
import type { OnDerivedDamage, StoreReader } from '../store-reader.ts';
import { toLogError } from './errors.ts';
import { openForReview } from './file.ts';
import { isLocked } from './lock.ts';
import { createReads, type SqliteReads } from './reads.ts';
import { SCHEMA_VERSION } from './schema.ts';

const TASK_IDS = 'SELECT task, task_id FROM task WHERE task > ? ORDER BY task LIMIT ?';
const SIZE = 'SELECT count(*) AS tasks, total(seq - oldest_seq + 1) AS events FROM task';

/** @returns undefined when there is no store yet. @throws StoreUnusableError, StoreCorruptError */
export async function openSqliteReader(given: string, onDamage: OnDerivedDamage): Promise<StoreReader | undefined> {
  const path = await findFile(given);
  const opened = path === undefined ? undefined : openForReview(path);
  if (path === undefined || opened === undefined) return undefined;
  const { db, version } = opened;
  const { rows, inSnapshot, verbs } = readsOf(db, onDamage);
  return {
    ...verbs,
    // A server finds a repetition by the index of ids, which the walk through the events does not touch.
    read: async (taskId, range) =>
      inSnapshot(() => {
        const task = rows.bounds(taskId);
        if (task === undefined) return [];
        const events = rows.events(task, range);
        const lost = events.find(({ eventId, seq }) => rows.findEvent(task, eventId)?.event.seq !== seq);
        if (lost === undefined) return events;
        throw new StoreCorruptError(`event ${lost.seq} of task ${taskId} is not found by its id`);
      }),
    facts: { version, currentVersion: SCHEMA_VERSION, isInUse: isLocked(path) },
    size: async () =>
      inSnapshot(() => {
        const row = db.prepare(SIZE).get() ?? {};
        return { tasks: numberOf(row, 'tasks'), events: numberOf(row, 'events') };
      }),
    taskIds: async ({ after, limit }) =>
      inSnapshot(() =>
        db
          .prepare(TASK_IDS)
          .all(after, limit)
          .map((row) => ({ number: numberOf(row, 'task'), taskId: textOf(row, 'task_id') })),
      ),
    async [Symbol.asyncDispose]() {
      if (db.isOpen) db.close();
    },
  };
}

/** What it reads at once, the seed of the observations, may be damaged as well. */
function readsOf(db: DatabaseSync, onDamage: OnDerivedDamage): SqliteReads {
  try {
    return createReads(db, onDamage);
  } catch (error) {
    db.close();
    throw toLogError(error, 'FAILED');
  }
}

/** A server has to write both the file and, for its WAL, the directory. */
async function findFile(given: string): Promise<string | undefined> {
  const path = resolve(given);
  await needWritable(dirname(path));
  let real: string;
  try {
    real = await realpath(path);
  } catch {
    return undefined;
  }
  await needWritable(real);
  return real;
}

async function needWritable(path: string): Promise<void> {
  try {
    await access(path, constants.R_OK | constants.W_OK);
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    throw new StoreUnusableError(`${path} ${isMissing ? 'does not exist' : 'cannot be written'}`, { cause: error });
  }
}
