/**
 * What SQLite reports, as the errors of the contract. Damage is told apart from a store that does not answer:
 * the first is never served, the second may be tried again.
 */
import { DrumlineError, StoreCorruptError, StoreFullError, StoreUnavailableError } from '../../domain/errors.ts';
import type { StoreOutcome } from '../../domain/errors.ts';

/** Primary result codes. https://www.sqlite.org/rescode.html */
export const SQLITE = Object.freeze({
  BUSY: 5,
  READONLY: 8,
  IOERR: 10,
  CORRUPT: 11,
  FULL: 13,
  CANTOPEN: 14,
  CONSTRAINT: 19,
  NOTADB: 26,
});

/** @returns what the caller is to be told; an error that is not the store's is a bug and is passed on as it is. */
export function toLogError(error: unknown, outcome: StoreOutcome): unknown {
  if (error instanceof DrumlineError || !(error instanceof Error)) return error;
  if (isDamage(error)) return new StoreCorruptError(error.message, { cause: error });
  const code = primaryCode(error);
  if (code === SQLITE.FULL) return new StoreFullError({ cause: error });
  return code === undefined ? error : new StoreUnavailableError(outcome, { cause: error });
}

/** The low byte of SQLite's result code; undefined when the error is not SQLite's. */
export function primaryCode(error: unknown): number | undefined {
  const code = extendedCode(error);
  return code === undefined ? undefined : code & 0xff;
}

export function extendedCode(error: unknown): number | undefined {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode : undefined;
}

/** A number of ours that does not fit a double, or two rows where one can be, are damage as much as a torn page. */
export function isDamage(error: unknown): boolean {
  if (error instanceof Error && 'code' in error && error.code === 'ERR_OUT_OF_RANGE') return true;
  const code = primaryCode(error);
  return code === SQLITE.CORRUPT || code === SQLITE.NOTADB || code === SQLITE.CONSTRAINT;
}
