/**
 * A queue before a few connections. What comes while they are busy joins the next transaction; two at once never
 * concern the same task, so what one has worked out of it the next may go on from.
 */
import { toLogError } from './errors.ts';
import type { LaneRequest } from './request.ts';
import { createRunner, type RunnerDeps } from './runner.ts';
import type { Session } from './session.ts';

export interface Lane<Command, Result> extends AsyncDisposable {
  add(request: LaneRequest<Command, Result>): void;
  /** Whether a task has requests that wait here or are being written. */
  has(taskId: string): boolean;
}

export interface LaneDeps<Command, Result> extends RunnerDeps<Command, Result> {
  /** As many transactions as may be under way at once. */
  readonly sessions: readonly Session[];
  /**
   * For tasks that may be held elsewhere: no transaction locks more than one request of it needs, so that nobody waits
   * for another's task. Those that wait for tasks which were free after all are given back through this, if it takes them.
   */
  readonly giveBack?: (request: LaneRequest<Command, Result>) => boolean;
}

/** What one transaction takes at most; a single request may be larger. */
const GROUP_RECORDS = 2_000;
const GROUP_CHARACTERS = 4_000_000;
/** Not worth a transaction of its own beside another. */
const LEAST_SHARE = 8;

export function createLane<Command, Result>({
  sessions,
  giveBack,
  ...deps
}: LaneDeps<Command, Result>): Lane<Command, Result> {
  type Request = LaneRequest<Command, Result>;
  let waiting: Request[] = [];
  const counts = new Map<string, number>();
  /** Tasks of the transactions that are under way. */
  const busy = new Set<string>();
  const idle = [...sessions];
  const run = createRunner({ ...deps, passOn: deps.passOn === undefined ? undefined : passOn });
  const running = new Set<Promise<void>>();
  let isCalled = false;

  function count(request: Request, change: 1 | -1): void {
    for (const taskId of request.taskIds) {
      const now = (counts.get(taskId) ?? 0) + change;
      if (now === 0) counts.delete(taskId);
      else counts.set(taskId, now);
    }
  }

  /** Whatever comes in one turn goes together. */
  function call(): void {
    if (isCalled) return;
    isCalled = true;
    queueMicrotask(() => {
      isCalled = false;
      fill();
    });
  }

  /** Who was answered already, for it took too long, is not written after all. */
  function dropAnswered(): void {
    for (const request of waiting) if (request.isOver) count(request, -1);
    waiting = waiting.filter(({ isOver }) => !isOver);
  }

  /** With whoever came after it for the same tasks, or they would overtake it. */
  function passOn(request: Request): void {
    deps.passOn?.(request);
    const taskIds = new Set(request.taskIds);
    waiting = waiting.filter((later) => {
      if (!later.taskIds.some((taskId) => taskIds.has(taskId))) return true;
      for (const taskId of later.taskIds) taskIds.add(taskId);
      count(later, -1);
      deps.passOn?.(later);
      return false;
    });
  }

  /** Whoever waits for these tasks alone; nobody, when one of them waits for others as well and would be overtaken. */
  function leave(taskIds: ReadonlySet<string>): void {
    if (giveBack === undefined) return;
    const isAmong = (taskId: string): boolean => taskIds.has(taskId);
    if (waiting.some((request) => request.taskIds.some(isAmong) && !request.taskIds.every(isAmong))) return;
    waiting = waiting.filter((request) => {
      if (!request.taskIds.every(isAmong) || !giveBack(request)) return true;
      count(request, -1);
      return false;
    });
  }

  function fill(): void {
    dropAnswered();
    while (idle.length > 0 && waiting.length > 0) {
      const { group, rest } = takeGroup(waiting, { busy, sessions: idle.length, isSeparate: giveBack !== undefined });
      const session = group.length === 0 ? undefined : idle.pop();
      if (session === undefined) return;
      waiting = rest;
      begin(session, group);
    }
  }

  function begin(session: Session, group: readonly Request[]): void {
    const taskIds = group.flatMap((request) => request.taskIds);
    for (const taskId of taskIds) busy.add(taskId);
    const ending = run(session, group)
      .catch((error: unknown) => {
        for (const request of group) request.reject(toLogError(error, 'UNKNOWN'));
        return false;
      })
      .then((isWritten) => {
        for (const request of group) count(request, -1);
        for (const taskId of taskIds) busy.delete(taskId);
        if (isWritten) leave(new Set(taskIds));
        idle.push(session);
        running.delete(ending);
        call();
      });
    running.add(ending);
  }

  return {
    add(request) {
      count(request, 1);
      waiting.push(request);
      call();
    },
    has: (taskId) => counts.has(taskId),
    async [Symbol.asyncDispose]() {
      fill();
      while (running.size > 0) await Promise.all(running);
      for (const session of sessions) await session[Symbol.asyncDispose]();
    },
  };
}

type Sized = Pick<LaneRequest<unknown, unknown>, 'records' | 'characters' | 'taskIds'>;

/**
 * Of those that wait, in their order, what fits one transaction: at least one, and no more than its share when others
 * could begin as well. Passed over are those of busy tasks, and whoever came after them for the same tasks.
 */
function takeGroup<Request extends Sized>(
  waiting: readonly Request[],
  { busy, sessions, isSeparate }: { busy: ReadonlySet<string>; sessions: number; isSeparate: boolean },
): { readonly group: readonly Request[]; readonly rest: Request[] } {
  const all = waiting.reduce((sum, request) => sum + request.records, 0);
  const share = Math.min(GROUP_RECORDS, Math.max(LEAST_SHARE, all / sessions));
  const group: Request[] = [];
  const rest: Request[] = [];
  const passedOver = new Set<string>();
  let records = 0;
  let characters = 0;
  for (const request of waiting) {
    const hasRoom = group.length === 0 || (records + request.records <= share && characters < GROUP_CHARACTERS);
    const isApart = isSeparate && !request.taskIds.every((taskId) => group[0]?.taskIds.includes(taskId) ?? true);
    if (hasRoom && !isApart && !request.taskIds.some((taskId) => busy.has(taskId) || passedOver.has(taskId))) {
      group.push(request);
      records += request.records;
      characters += request.characters;
    } else {
      rest.push(request);
      for (const taskId of request.taskIds) passedOver.add(taskId);
    }
  }
  return { group, rest };
}
