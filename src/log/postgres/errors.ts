/**
 * What Postgres and its client report, as the errors of the contract. A statement that the server refused surely left
 * nothing behind; a connection that broke while a commit was on its way leaves the question open.
 */
import { DatabaseError } from 'pg';
import { DrumlineError, StoreCorruptError, StoreFullError, StoreUnavailableError } from '../../domain/errors.ts';
import type { StoreOutcome } from '../../domain/errors.ts';

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
export const SQLSTATE = Object.freeze({
  readOnly: '25006',
  unique: '23505',
  serialization: '40001',
  deadlock: '40P01',
  lockTimeout: '55P03',
});

const FULL: ReadonlySet<string> = new Set(['53100', '53400']);
const DAMAGE: ReadonlySet<string> = new Set(['XX001', 'XX002', SQLSTATE.unique]);
/** Losing against another transaction, which the next attempt may win. */
const CONTENTION: ReadonlySet<string> = new Set([
  SQLSTATE.lockTimeout,
  SQLSTATE.deadlock,
  SQLSTATE.serialization,
  SQLSTATE.unique,
]);

/** No answer of the server: the network, a wait that took too long, or a client that was closed. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
}

/** What a call of `pg` threw. Its own errors have neither class nor code. */
export function toClientError(error: unknown): unknown {
  if (error instanceof DatabaseError || !(error instanceof Error)) return error;
  return new ConnectionError(error.message, { cause: error });
}

/** @returns what the caller is to be told; what is neither the store's nor the network's fault is passed on. */
export function toLogError(error: unknown, outcome: StoreOutcome): unknown {
  if (error instanceof DrumlineError || !(error instanceof Error)) return error;
  const code = sqlState(error);
  if (FULL.has(code)) return new StoreFullError({ cause: error });
  if (DAMAGE.has(code)) return new StoreCorruptError(error.message, { cause: error });
  const isOfStore = error instanceof DatabaseError || error instanceof ConnectionError;
  return isOfStore ? new StoreUnavailableError(outcome, { cause: error }) : error;
}

/** Empty when the error is not an answer of the server. */
export function sqlState(error: unknown): string {
  return error instanceof DatabaseError ? (error.code ?? '') : '';
}

/** A transaction went by what is not so any more: what was remembered of a task, or that its callers still wait. */
export class OutdatedError extends Error {
  override readonly name = 'OutdatedError';
}

export function isContention(error: unknown): boolean {
  return error instanceof OutdatedError || CONTENTION.has(sqlState(error));
}

/** The session is over, or with a server that takes no writes any more: what comes next needs another one. */
export function endsSession(error: unknown): boolean {
  if (error instanceof ConnectionError) return true;
  if (!(error instanceof DatabaseError)) return false;
  return error.severity === 'FATAL' || error.severity === 'PANIC' || error.code === SQLSTATE.readOnly;
}
