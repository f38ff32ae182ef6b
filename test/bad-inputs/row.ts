/**
 * A service that strangers can reach is asked everything sooner or later. One row is one wrong thing to send and what
 * becomes of it, as data: the test sends it and compares, and `docs/bad-inputs.md` is written from the same rows.
 */
export interface Row<Sent> {
  /** Its number for good: rows that went away leave holes. Several rows may share one. */
  readonly row: number;
  /** What is sent, for people. */
  readonly what: string;
  readonly sent: Sent;
  /** What was asked for. */
  readonly expected: string;
  /** What the server does instead, where that was decided, and why. */
  readonly instead?: { readonly got: string; readonly because: string };
  /** Which of the servers of `world.ts` it is sent to. */
  readonly to?: ServerName;
  /** How much more the store holds afterwards; for documents over each transport. Nothing, when left out. */
  readonly stores?: number;
  /** Only time can tell: these rows run at the same time. */
  readonly isSlow?: boolean;
}

/** `open` asks nobody who they are; `guarded` does; `strict` is in production; `narrow` has limits that are soon met,
 * `crowded` for an address alone, and takes tokens in URLs. */
export type ServerName = 'open' | 'guarded' | 'strict' | 'narrow' | 'crowded' | 'hanging' | 'broken' | 'slow';

/** What became of a row, and all that was received meanwhile. */
export interface Outcome {
  readonly got: string;
  readonly seen: string;
}

/** A row, or a part of one, that is tested elsewhere, cannot be tested, or asks for what this server has not. */
export interface OtherRow {
  readonly row: number;
  readonly what: string;
  readonly because: string;
}
