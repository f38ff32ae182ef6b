/**
 * Writing one group, over one session, as often as it takes. What surely was not stored is tried again while there is
 * time; what may be stored is answered as unknown, and not touched again.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Ask } from './connection.ts';
import { endsSession, isContention, SQLSTATE, sqlState, toLogError } from './errors.ts';
import type { GroupWriter, LaneRequest } from './request.ts';
import type { Session } from './session.ts';
import { WRITE } from './statements.ts';
import { list } from './table-param.ts';

export interface RunnerDeps<Command, Result> {
  readonly writer: GroupWriter<Command, Result>;
  /** Takes requests whose tasks another server holds for long, so that they hold up nobody else. */
  readonly passOn?: ((request: LaneRequest<Command, Result>) => void) | undefined;
  readonly onWarning: (message: string) => void;
}

const RETRY_MS = 50;

/**
 * @returns writes a group; when it is done, each of it was answered or passed on. It resolves to whether the last
 * attempt was written, so that the tasks of its group are free.
 */
export function createRunner<Command, Result>({
  writer,
  passOn,
  onWarning,
}: RunnerDeps<Command, Result>): (
  session: Session,
  group: readonly LaneRequest<Command, Result>[],
) => Promise<boolean> {
  type Request = LaneRequest<Command, Result>;

  async function run(session: Session, group: readonly Request[]): Promise<boolean> {
    let isWarned = false;
    for (let open = group; open.length > 0; open = open.filter(({ isOver }) => !isOver)) {
      const failure = await attempt(session, open);
      if (failure === undefined) return true;
      const { error } = failure;
      if (endsSession(error) && !isWarned) onWarning(`no connection to write with: ${messageOf(error)}`);
      isWarned ||= endsSession(error);
      if (sqlState(error) === SQLSTATE.lockTimeout && passOn !== undefined)
        open = await setAside(session, open, passOn);
      else if (endsSession(error) || isContention(error)) await delay(RETRY_MS * Math.random());
      else if (open.length > 1) return runAlone(session, open);
      else open[0]?.reject(toLogError(error, 'FAILED'));
    }
    return false;
  }

  /** Damage, or too little room, may concern one of the group. */
  async function runAlone(session: Session, group: readonly Request[]): Promise<boolean> {
    let isWritten = false;
    for (const request of group) if (!request.isOver) isWritten = await run(session, [request]);
    return isWritten;
  }

  /** @returns what surely kept the group from being stored; those of which that is not sure are answered here. */
  async function attempt(
    session: Session,
    group: readonly Request[],
  ): Promise<{ readonly error: unknown } | undefined> {
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
  async function setAside(
    session: Session,
    group: readonly Request[],
    pass: (request: Request) => void,
  ): Promise<readonly Request[]> {
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
    } catch {
      session.drop();
    }
    const held = new Set<string>();
    return group.filter((request) => {
      // Whoever comes after one that is held up does not overtake it.
      if (request.taskIds.every((taskId) => free.has(taskId) && !held.has(taskId))) return true;
      for (const taskId of request.taskIds) held.add(taskId);
      if (!request.isOver) pass(request);
      return false;
    });
  }

  return run;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
