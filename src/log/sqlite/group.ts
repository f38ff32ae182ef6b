/**
 * Group commit: whatever waits is written in one transaction, and one fsync makes all of it durable. What is refused
 * is refused alone, before its first row. What fails takes its group with it, and then each is tried by itself.
 */
import type { DatabaseSync } from 'node:sqlite';
import { StoreUnavailableError } from '../../domain/errors.ts';
import { createTaskWriter } from './append.ts';
import { extendedCode, primaryCode, SQLITE, toLogError } from './errors.ts';
import { createObservationWriter } from './observations.ts';
import {
  isRefusal,
  toWire,
  type Refusal,
  type WriteCommand,
  type WriteReply,
  type WriteRequest,
  type WriteResult,
} from './protocol.ts';
import { createTaskRows } from './tasks.ts';

export interface GroupWriter {
  /** Answers each request; when it returns, what was accepted is durable. */
  commit(requests: readonly WriteRequest[]): readonly WriteReply[];
  /** Move what the WAL holds into the file, once it is worth it; readers that are in the way are not waited for. */
  checkpoint(): void;
  /** True when a commit could not be made durable: nothing is written any more. */
  readonly isBroken: boolean;
}

export interface GroupWriterOptions {
  readonly snapshotEvery: number;
  readonly onWarning: (message: string) => void;
}

/** Pages in the WAL from which on a checkpoint is made: 4 MB. */
const CHECKPOINT_PAGES = 1_000;
/** From here on only a reader that does not end can be the reason: 64 MB. */
const GROWN_PAGES = 16_000;

export function createGroupWriter(db: DatabaseSync, { snapshotEvery, onWarning }: GroupWriterOptions): GroupWriter {
  const rows = createTaskRows(db, (what, taskId) => onWarning(`${what} of task ${taskId} was damaged; made again`));
  const tasks = createTaskWriter(db, { rows, snapshotEvery });
  const observations = createObservationWriter(db);
  const begin = db.prepare('BEGIN IMMEDIATE');
  const end = db.prepare('COMMIT');
  const walState = db.prepare('PRAGMA wal_checkpoint(NOOP)');
  const passive = db.prepare('PRAGMA wal_checkpoint(PASSIVE)');
  let isBroken = false;
  let warnAtPages = GROWN_PAGES;

  function commit(requests: readonly WriteRequest[]): readonly WriteReply[] {
    if (isBroken) return requests.map(() => refusal(new StoreUnavailableError('FAILED')));
    let replies: readonly WriteReply[] = [];
    let isCommitting = false;
    try {
      begin.run();
      replies = requests.map(answer);
      tasks.flush();
      isCommitting = true;
      end.run();
      return replies;
    } catch (error) {
      const isUnknown = isCommitting && refusesLater(error);
      isBroken ||= isUnknown;
      rollBack();
      if (isCommitting) onWarning(`a commit failed: ${error instanceof Error ? error.message : String(error)}`);
      // What was refused stays refused; the rest failed, all for the same reason.
      if (isUnknown) return replies.map((reply) => (isRefusal(reply) ? reply : refusal(toLogError(error, 'UNKNOWN'))));
      if (requests.length > 1 && mayPassAlone(error)) return requests.flatMap((request) => commit([request]));
      return requests.map(() => refusal(toLogError(error, 'FAILED')));
    }
  }

  function answer({ text }: WriteRequest): WriteReply {
    let write: () => WriteResult;
    try {
      // What is in it was checked by the other thread.
      write = prepare(JSON.parse(text) as WriteCommand);
    } catch (error) {
      // Some failures of a statement end the transaction; then the others of the group have lost theirs.
      if (!db.isTransaction) throw error;
      return refusal(toLogError(error, 'FAILED'));
    }
    return write();
  }

  function prepare(command: WriteCommand): () => WriteResult {
    switch (command.kind) {
      case 'append':
        return tasks.append(command.batch, command.now);
      case 'publish':
        return observations.publish(command.input, command.now);
      case 'initTask':
        return tasks.initTask(command.task, command.now);
      case 'trim':
        return toUndefined(tasks.trim(command.taskId, command.through));
      case 'delete':
        return tasks.delete(command.taskId, command.ifAt);
      case 'heal':
        tasks.heal(command.taskId);
        return () => undefined;
      case 'check':
        return () => undefined;
    }
  }

  function rollBack(): void {
    tasks.forget();
    try {
      if (db.isTransaction) db.exec('ROLLBACK');
    } catch (error) {
      isBroken = true;
      onWarning(`a transaction could not be rolled back: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** Once for each doubling: what is in the way is outside, and only an operator can end it. */
  function noteGrowth(pages: number): void {
    if (pages < CHECKPOINT_PAGES && warnAtPages > GROWN_PAGES) {
      warnAtPages = GROWN_PAGES;
      onWarning('the WAL begins anew: nothing holds it any more');
    }
    if (pages < warnAtPages) return;
    warnAtPages = pages * 2;
    onWarning(`the WAL has ${pages} pages and grows: another program keeps a read transaction on the file open`);
  }

  return {
    commit,
    get isBroken() {
      return isBroken;
    },
    checkpoint() {
      if (isBroken) return;
      try {
        const { log, checkpointed } = walState.get() ?? {};
        if (Number(log) >= CHECKPOINT_PAGES && log !== checkpointed) passive.get();
        noteGrowth(Number(log));
      } catch (error) {
        onWarning(`a checkpoint failed: ${error instanceof Error ? error.message : String(error)}`);
      }
    },
  };
}

/** Damage, or too little room, may concern one of the group; trying the rest again is safe, as nothing was written. */
function mayPassAlone(error: unknown): boolean {
  const code = primaryCode(toCause(error));
  return code !== SQLITE.IOERR && code !== SQLITE.BUSY && code !== SQLITE.READONLY;
}

function toCause(error: unknown): unknown {
  return error instanceof Error && primaryCode(error) === undefined ? error.cause : error;
}

/**
 * After an fsync that failed nobody knows what is on the disk, and asking again would be told that all is well: the
 * pages count as clean by then. Running out of shared memory (a full disk shows so too) is none of that.
 */
function refusesLater(error: unknown): boolean {
  const sharedMemory = [4618, 4874, 5130, 5386].includes(extendedCode(error) ?? 0);
  return primaryCode(error) === SQLITE.IOERR && !sharedMemory;
}

function toUndefined(write: () => void): () => undefined {
  return () => {
    write();
  };
}

function refusal(error: unknown): Refusal {
  return { error: toWire(error) };
}
