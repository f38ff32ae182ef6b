/**
 * A queue before one connection. What comes while a transaction is under way joins the next one. Everyone is answered
 * in time, whatever the database does: "surely not stored" as long as the commit was not sent, "unknown" from then on.
 * What surely was not stored is tried again while there is time.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { StoreUnavailableError } from '../../domain/errors.ts';
import { endsSession, isContention, SQLSTATE, sqlState, toLogError } from './errors.ts';
import type { Ask } from './connection.ts';
import type { Session } from './session.ts';
import { WRITE } from './statements.ts';
import { list } from './table-param.ts';

/** What one caller wants to be written. */
export interface LaneRequest<Command, Result> {
  readonly command: Command;
  /** The tasks it concerns, each once. */
  readonly taskIds: readonly string[];
  /** Records and characters that it may add. */
  readonly records: number;
  readonly characters: number;
  /** Its commit is on its way. */
  readonly isSent: boolean;
  /** Its caller was answered and expects nothing any more. */
  readonly isOver: boolean;
  markSent(isSent: boolean): void;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

export type Outcome<Result> = { readonly result: Result } | { readonly error: unknown };

/** How a group is written. */
export interface GroupWriter<Command, Result> {
  /**
   * @param onSend called with those whose commit goes out, just before it does; whoever is over by then is left out.
   * @returns an outcome for each of those, when all of them are durable. What it throws befell all of them.
   */
  write(
    ask: Ask,
    group: readonly LaneRequest<Command, Result>[],
    onSend: (members: readonly LaneRequest<Command, Result>[]) => void,
  ): Promise<ReadonlyMap<LaneRequest<Command, Result>, Outcome<Result>>>;
  /** A transaction over these tasks failed: what was remembered of them may be wrong. */
  forget(taskIds: readonly string[]): void;
}

export interface Lane<Command, Result> extends AsyncDisposable {
  add(request: LaneRequest<Command, Result>): void;
  /** Whether a task has requests that wait here or are being written. */
  has(taskId: string): boolean;
}

export interface LaneDeps<Command, Result> {
  readonly session: Session;
  readonly writer: GroupWriter<Command, Result>;
  /** Takes requests whose tasks another server holds for long, so that they hold up nobody else. */
  readonly passOn?: ((request: LaneRequest<Command, Result>) => void) | undefined;
  readonly onWarning: (message: string) => void;
}

/** What one transaction takes at most; a single request may be larger. */
const GROUP_RECORDS = 2_000;
const GROUP_CHARACTERS = 4_000_000;
const RETRY_MS = 50;
/** A caller has its answer by then. */
const ANSWER_MS = 1_800;

/** Settles at most once, and in time. */
export function createRequest<Command, Result>(
  facts: Pick<LaneRequest<Command, Result>, 'command' | 'taskIds' | 'records' | 'characters'>,
  settle: Pick<LaneRequest<Command, Result>, 'resolve' | 'reject'>,
): LaneRequest<Command, Result> {
  let isSent = false;
  let isOver = false;
  const finish = (act: () => void): void => {
    if (isOver) return;
    isOver = true;
    clearTimeout(timer);
    act();
  };
  const reject = (error: unknown): void => finish(() => settle.reject(error));
  const timer = setTimeout(() => reject(new StoreUnavailableError(isSent ? 'UNKNOWN' : 'FAILED')), ANSWER_MS);
  return {
    ...facts,
    get isSent() {
      return isSent;
    },
    get isOver() {
      return isOver;
    },
    markSent(now) {
      isSent = now;
    },
    resolve: (result) => finish(() => settle.resolve(result)),
    reject,
  };
}

export function createLane<Command, Result>({
  session,
  writer,
  passOn,
  onWarning,
}: LaneDeps<Command, Result>): Lane<Command, Result> {
  type Request = LaneRequest<Command, Result>;
  const waiting: Request[] = [];
  const counts = new Map<string, number>();
  let running: Promise<void> | undefined;

  function count(request: Request, change: 1 | -1): void {
    for (const taskId of request.taskIds) {
      const now = (counts.get(taskId) ?? 0) + change;
      if (now === 0) counts.delete(taskId);
      else counts.set(taskId, now);
    }
  }

  async function drain(): Promise<void> {
    // Whatever comes in this turn goes along.
    await Promise.resolve();
    while (waiting.length > 0) {
      const group = waiting.splice(0, sizeOfGroup(waiting));
      await run(group).catch((error: unknown) => {
        for (const request of group) request.reject(toLogError(error, 'UNKNOWN'));
      });
      for (const request of group) count(request, -1);
    }
    running = undefined;
  }

  async function run(group: readonly Request[]): Promise<void> {
    let isWarned = false;
    for (let open = group; open.length > 0; open = open.filter(({ isOver }) => !isOver)) {
      const failure = await attempt(open);
      if (failure === undefined) return;
      const { error } = failure;
      if (endsSession(error) && !isWarned) onWarning(`no connection to write with: ${messageOf(error)}`);
      isWarned ||= endsSession(error);
      if (sqlState(error) === SQLSTATE.lockTimeout && passOn !== undefined) open = await setAside(open, passOn);
      else if (endsSession(error) || isContention(error)) await delay(RETRY_MS * Math.random());
      else if (open.length > 1) return runAlone(open);
      else open[0]?.reject(toLogError(error, 'FAILED'));
    }
  }

  /** Damage, or too little room, may concern one of the group. */
  async function runAlone(group: readonly Request[]): Promise<void> {
    for (const request of group) if (!request.isOver) await run([request]);
  }

  /** @returns what surely kept the group from being stored; those of which that is not sure are answered here. */
  async function attempt(group: readonly Request[]): Promise<{ readonly error: unknown } | undefined> {
    let ask: Ask | undefined;
    try {
      ask = await session.ask();
      const outcomes = await writer.write(ask, group, (members) => {
        for (const member of members) member.markSent(true);
      });
      for (const [request, outcome] of outcomes) {
        if ('result' in outcome) request.resolve(outcome.result);
        else request.reject(toLogError(outcome.error, 'FAILED'));
      }
      return undefined;
    } catch (error) {
      writer.forget(group.flatMap(({ taskIds }) => taskIds));
      const isUnknown = group.some(({ isSent }) => isSent) && endsSession(error);
      if (endsSession(error)) session.drop();
      else ask?.('ROLLBACK').catch(() => session.drop());
      if (isUnknown) for (const request of group) if (request.isSent) request.reject(toLogError(error, 'UNKNOWN'));
      for (const request of group) request.markSent(false);
      return { error };
    }
  }

  /** Those whose tasks are not free at this moment go where they hold up nobody. @returns the others. */
  async function setAside(group: readonly Request[], pass: (request: Request) => void): Promise<readonly Request[]> {
    const taskIds = [...new Set(group.flatMap((request) => request.taskIds))];
    let free = new Set<unknown>();
    try {
      const ask = await session.ask();
      const [, rows] = await Promise.all([
        ask(WRITE.begin),
        ask(WRITE.lockFree, [list('text', taskIds)]),
        ask('ROLLBACK'),
      ]);
      free = new Set(rows.map((row) => row['task_id']));
    } catch (error) {
      if (!endsSession(error)) throw error;
      session.drop();
    }
    const isFree = (request: Request): boolean => request.taskIds.every((taskId) => free.has(taskId));
    for (const request of group) if (!request.isOver && !isFree(request)) pass(request);
    return group.filter(isFree);
  }

  return {
    add(request) {
      count(request, 1);
      waiting.push(request);
      running ??= drain();
    },
    has: (taskId) => counts.has(taskId),
    async [Symbol.asyncDispose]() {
      await running;
      await session[Symbol.asyncDispose]();
    },
  };
}

/** How many of those that wait fit one transaction; at least one. */
function sizeOfGroup(waiting: readonly Pick<LaneRequest<unknown, unknown>, 'records' | 'characters'>[]): number {
  let records = 0;
  let characters = 0;
  for (const [index, request] of waiting.entries()) {
    records += request.records;
    characters += request.characters;
    if (index > 0 && (records > GROUP_RECORDS || characters > GROUP_CHARACTERS)) return index;
  }
  return waiting.length;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
