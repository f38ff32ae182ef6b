/**
 * Latest-only views: a task's state now, then whenever it changed. A slow reader skips states and never sees an old
 * one, because nothing is queued: each step reads the head afresh when the reader asks for it.
 */
import { TaskDeletedError } from '../domain/errors.ts';
import { isFinal } from '../domain/progress.ts';
import type { TaskHead } from '../log/event-log.ts';
import type { AutoResetEvent } from '../util/auto-reset-event.ts';
import type { MaybePromise } from '../util/maybe-promise.ts';
import type { PullStream } from '../util/pull-stream.ts';
import type { FollowDeps } from './follow.ts';
import type { Listener } from './notices.ts';
import { leaveOnAbort, type OpenStreams } from './open-streams.ts';
import { PatientStream } from './patience.ts';

export interface LatestOptions {
  readonly taskId: string;
  /** At most so many states a second; a final one is sent at once. */
  readonly maxRate?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface LatestDeps extends FollowDeps {
  readonly open: OpenStreams;
}

/** A task that is not yet known is waited for; completes after the final state. Fails when the task is deleted. */
export function latestStates(deps: LatestDeps, options: LatestOptions): PullStream<TaskHead> {
  return new LatestStates(deps, options);
}

class LatestStates extends PatientStream<TaskHead> implements Listener {
  readonly #deps: LatestDeps;
  readonly #taskId: string;
  readonly #pace: Pace;
  readonly #letGo: () => void;
  #listening: Disposable | undefined;
  /** What a look that had to be waited for found. */
  #found: { readonly head: TaskHead | undefined } | undefined;
  #isCalled = false;
  #sentHash: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isEnded = false;

  constructor(deps: LatestDeps, { taskId, maxRate, signal }: LatestOptions) {
    super();
    this.#deps = deps;
    this.#taskId = taskId;
    this.#pace = createPace(maxRate);
    this.#letGo = leaveOnAbort(this, signal);
  }

  protected take(): TaskHead | undefined {
    if (this.#isEnded) {
      this.end();
      return undefined;
    }
    if (this.#listening === undefined) {
      this.waitFor(this.#begin());
      return undefined;
    }
    const head = this.#look();
    if (!(head instanceof Promise)) return this.#show(head);
    this.waitFor(this.#find(head));
    return undefined;
  }

  protected release(): void {
    clearTimeout(this.#timer);
    this.#listening?.[Symbol.dispose]();
    this.#deps.open.delete(this);
    this.#letGo?.();
  }

  protected storeLost(): void {
    // The head is read afresh in any case.
  }

  /** Listens before it reads, or a change in between would go unseen. */
  async #begin(): Promise<void> {
    this.#deps.open.add(this);
    const listening = await this.#deps.notices.listenTask(this.#taskId, this);
    // It was left meanwhile.
    if (this.isOver) listening[Symbol.dispose]();
    else this.#listening = listening;
  }

  #look(): MaybePromise<TaskHead | undefined> {
    const found = this.#found;
    this.#found = undefined;
    // Once more when somebody called meanwhile: what was found may be of before.
    if (found !== undefined && !this.#isCalled) return found.head;
    this.#isCalled = false;
    return this.#deps.log.head(this.#taskId);
  }

  async #find(asked: Promise<TaskHead | undefined>): Promise<void> {
    this.#found = { head: await asked };
  }

  /** It changed, or may have. */
  wake(): void {
    this.#isCalled = true;
    this.ready();
  }

  #show(head: TaskHead | undefined): TaskHead | undefined {
    clearTimeout(this.#timer);
    if (head === undefined && this.#sentHash !== undefined) throw new TaskDeletedError(this.#taskId);
    // Not known yet, or seen already: whoever changes it wakes us.
    if (head === undefined || head.progress.hash === this.#sentHash) return undefined;
    const waitMs = this.#pace.remainingMs();
    if (waitMs > 0 && !isFinal(head.progress)) {
      this.#timer = setTimeout(() => this.ready(), waitMs);
      return undefined;
    }
    this.#pace.sent();
    this.#sentHash = head.progress.hash;
    this.#isEnded = isFinal(head.progress);
    return head;
  }
}

/** Keeps a stream below a rate: `remainingMs` until the next item may go. */
export interface Pace {
  sent(): void;
  remainingMs(): number;
}

export function createPace(maxRate: number | undefined): Pace {
  const intervalMs = maxRate === undefined ? 0 : 1_000 / maxRate;
  let nextAt = Number.NEGATIVE_INFINITY;
  return {
    sent: () => (nextAt = performance.now() + intervalMs),
    remainingMs: () => Math.max(0, Math.ceil(nextAt - performance.now())),
  };
}

/** Wait until the pace allows the next item, whatever the news. */
export async function waitForPace(pace: Pace, news: AutoResetEvent, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && pace.remainingMs() > 0) await news.wait(pace.remainingMs());
}
