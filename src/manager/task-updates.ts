/**
 * One watcher's stream of one task: where it stands, then every event in order, and a typed word whenever continuity
 * cannot be kept. A watcher is a cursor, not a queue: nothing is kept for it here but its place and the state there.
 *
 * It listens, reads behind its place, then waits: live, catching up and resuming are one loop, so there is no hand-over
 * in which an event can get lost. What is in memory is read without a promise, so that an event reaches a thousand
 * watchers in one turn of the event loop.
 */
import type { Cursor } from '../domain/cursor.ts';
import { StoreUnavailableError, TaskDeletedError, TaskNotFoundError } from '../domain/errors.ts';
import type { TaskEvent } from '../domain/event.ts';
import { isFinal, type TaskProgress } from '../domain/progress.ts';
import type { MaybePromise } from '../util/maybe-promise.ts';
import type { PullStream } from '../util/pull-stream.ts';
import { createCheckpoints, type Checkpoints } from './checkpoints.ts';
import { matchesEvent, type EventFilter } from './event-filter.ts';
import type { FollowDeps } from './follow.ts';
import { leaveOnAbort, type OpenStreams } from './open-streams.ts';
import type { Listener } from './notices.ts';
import { PatientStream } from './patience.ts';
import { findStart, healTrimmed, type Start, type TaskStartDeps } from './task-start.ts';
import type { TaskUpdate } from './task-update.ts';

export type { TaskUpdate } from './task-update.ts';

export interface TaskUpdatesOptions {
  readonly taskId: string;
  /** Go on from here; without it, begin with a snapshot, or with the first event when `replay` is set. */
  readonly after?: Cursor | undefined;
  readonly replay?: boolean | undefined;
  readonly filter?: EventFilter | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface TaskUpdatesDeps extends FollowDeps, TaskStartDeps {
  readonly open: OpenStreams;
}

/** As many as the pages that a log shares between its readers. */
const PAGE_EVENTS = 200;
const NONE: readonly TaskEvent[] = Object.freeze([]);
/** How long until an event that does not go on from the one before it is read once more, while the log is as it was. */
const READ_AGAIN_MS = 1_000;

/**
 * Fails with a TaskDeletedError when the task is deleted, unless that begins anew before anybody looked: then it is told
 * as another history.
 *
 * @throws TaskNotFoundError when `after` is given and the task is not known.
 */
export async function taskUpdates(deps: TaskUpdatesDeps, options: TaskUpdatesOptions): Promise<PullStream<TaskUpdate>> {
  const { taskId, after } = options;
  if (after !== undefined && (await isUnknown(deps, taskId))) throw new TaskNotFoundError(taskId);
  return new TaskUpdates(deps, options);
}

/** False while nobody can tell: the stream finds out. */
async function isUnknown({ log }: TaskUpdatesDeps, taskId: string): Promise<boolean> {
  try {
    return (await log.head(taskId)) === undefined;
  } catch (error) {
    if (error instanceof StoreUnavailableError) return false;
    throw error;
  }
}

class TaskUpdates extends PatientStream<TaskUpdate> implements Listener {
  readonly #deps: TaskUpdatesDeps;
  readonly #options: TaskUpdatesOptions;
  readonly #checkpoints: Checkpoints | undefined;
  readonly #letGo: () => void;
  #listening: Disposable | undefined;
  /** Where the watcher stands; undefined until the stream has begun. */
  #progress: TaskProgress | undefined;
  /** To be told before anything else is read. */
  #pending: TaskUpdate | undefined;
  #page = NONE;
  #index = 0;
  /** Nothing is there to be read until somebody says so: a word that comes during a read is not forgotten by it. */
  #isWaiting = false;
  #isCalled = false;
  /** The page reached the head when it was read: whatever was recorded since, somebody says so. */
  #isAtHead = false;
  #timer: NodeJS.Timeout | undefined;
  #isEnded = false;
  /** What was recorded may be another history than the one that this watcher saw. */
  #isDoubtful = false;

  constructor(deps: TaskUpdatesDeps, options: TaskUpdatesOptions) {
    super();
    this.#deps = deps;
    this.#options = options;
    this.#checkpoints = options.filter === undefined ? undefined : createCheckpoints();
    this.#letGo = leaveOnAbort(this, options.signal);
  }

  protected take(): TaskUpdate | undefined {
    if (this.#pending !== undefined) {
      const update = this.#pending;
      this.#pending = undefined;
      return update;
    }
    if (this.#isEnded) this.end();
    if (this.#isEnded || this.#isWaiting) return undefined;
    if (this.#progress !== undefined && !this.#isDoubtful) return this.#follow(this.#progress);
    if (this.#progress !== undefined) this.waitFor(this.#compare(this.#progress));
    else this.waitFor(this.#begin());
    return undefined;
  }

  /** What a watcher has seen and is not there any more was deleted. */
  protected override toFailure(error: unknown): unknown {
    const isGone = error instanceof TaskNotFoundError && this.#progress !== undefined;
    return isGone ? new TaskDeletedError(this.#options.taskId) : error;
  }

  protected release(): void {
    clearTimeout(this.#timer);
    this.#listening?.[Symbol.dispose]();
    this.#deps.open.delete(this);
    this.#letGo?.();
  }

  /** Listens before it reads, or an append in between would go unseen. */
  async #begin(): Promise<void> {
    const { log, notices, open } = this.#deps;
    const { taskId, after } = this.#options;
    if (this.#listening === undefined) {
      open.add(this);
      const listening = await notices.listenTask(taskId, this);
      // It was left meanwhile.
      if (this.isOver) return listening[Symbol.dispose]();
      this.#listening = listening;
    }
    this.#isCalled = false;
    this.#isDoubtful = false;
    const isKnown = (await log.head(taskId)) !== undefined;
    const start = isKnown ? await this.#findStart() : undefined;
    if (start === undefined) {
      if (after !== undefined) throw new TaskNotFoundError(taskId);
      // Not known yet: whoever begins it says so.
      this.#isWaiting = !this.#isCalled;
      return;
    }
    this.#progress = start.progress;
    this.#pending = start.update;
  }

  /** Undefined when it was deleted just now. */
  async #findStart(): Promise<Start | undefined> {
    try {
      return await findStart(this.#deps, this.#options);
    } catch (error) {
      if (error instanceof TaskNotFoundError) return undefined;
      throw error;
    }
  }

  /** Something was recorded, or may have been. */
  wake(): void {
    this.#isCalled = true;
    this.#isWaiting = false;
    this.ready();
  }

  doubt(): void {
    this.#isDoubtful = true;
    this.wake();
  }

  protected storeLost(): void {
    this.#open(NONE);
    this.#isDoubtful = true;
  }

  /** Whether the log still goes on from this watcher's place; if not, from where it goes on. */
  async #compare(progress: TaskProgress): Promise<void> {
    this.#isDoubtful = false;
    this.#open(NONE);
    const { taskId } = this.#options;
    const start = await findStart(this.#deps, { taskId, after: { seq: progress.seq, hash: progress.hash } });
    // It was left meanwhile, or nothing happened to its place.
    if (this.isOver || start.update === undefined) return;
    this.#checkpoints?.frameSent();
    this.#progress = start.progress;
    this.#pending = start.update;
  }

  /** An event of another history, in the log or in what is remembered of it. */
  async #compareAndReadAgain(progress: TaskProgress): Promise<void> {
    await this.#compare(progress);
    if (this.isOver || this.#pending !== undefined) return;
    this.#isWaiting = !this.#isCalled;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.wake(), READ_AGAIN_MS);
  }

  #follow(start: TaskProgress): TaskUpdate | undefined {
    const { log } = this.#deps;
    let progress = start;
    for (;;) {
      while (this.#index < this.#page.length) {
        const event = this.#page[this.#index];
        if (event?.seq === progress.seq + 1 && event.previousHash !== progress.hash) {
          this.waitFor(this.#compareAndReadAgain(progress));
          return undefined;
        }
        const update = this.#step(progress, event);
        this.#index += 1;
        if (update !== undefined) return update;
        progress = this.#progress ?? progress;
      }
      // Nobody who waits holds what it has seen.
      this.#page = NONE;
      this.#index = 0;
      if (this.#isAtHead && !this.#isCalled) {
        this.#isWaiting = true;
        return undefined;
      }
      this.#isCalled = false;
      const page = log.read(this.#options.taskId, { after: progress.seq, limit: PAGE_EVENTS });
      if (page instanceof Promise) {
        this.waitFor(this.#turnTo(progress, page));
        return undefined;
      }
      if (page.length === 0) {
        this.#isWaiting = true;
        return this.#stand(progress);
      }
      const isTrimmed = (page[0]?.seq ?? 0) > progress.seq + 1;
      if (isTrimmed) {
        this.waitFor(this.#turnTo(progress, page));
        return undefined;
      }
      this.#open(page);
      // Who watches all of a task that goes on has nothing more to say there; others look once more.
      this.#isAtHead = page.length < PAGE_EVENTS && this.#checkpoints === undefined;
    }
  }

  #open(page: readonly TaskEvent[]): void {
    this.#isAtHead = false;
    this.#page = page;
    this.#index = 0;
  }

  #step(before: TaskProgress, event: TaskEvent | undefined): TaskUpdate | undefined {
    // Folded into the state that healed a gap already.
    if (event === undefined || event.seq <= before.seq) return undefined;
    const { memo } = this.#deps;
    const update = memo.eventStep(before, event);
    this.#progress = update.progress;
    if (isFinal(update.progress)) this.#isAtHead = false;
    if (matchesEvent(this.#options.filter, event)) {
      this.#checkpoints?.frameSent();
      return update;
    }
    return this.#checkpoints?.hide() === true ? memo.stateStep('checkpoint', update.progress) : undefined;
  }

  /** A page that the log had to be asked for, or that shows that the log was trimmed past this watcher. */
  async #turnTo(progress: TaskProgress, asked: MaybePromise<readonly TaskEvent[]>): Promise<void> {
    const page = await asked;
    this.#open(page);
    const healed = await healTrimmed(this.#deps, page, progress);
    // It was left meanwhile.
    if (this.isOver) return;
    if (healed === undefined) {
      if (page.length > 0 || this.#isCalled) return;
      this.#isWaiting = true;
      this.#pending = this.#stand(progress);
      return;
    }
    this.#checkpoints?.frameSent();
    this.#progress = healed;
    this.#pending = { kind: 'gap', progress: healed, reason: 'expired' };
  }

  /** Nothing lies behind this place. */
  #stand(progress: TaskProgress): TaskUpdate | undefined {
    const { memo } = this.#deps;
    if (isFinal(progress)) {
      this.#isEnded = true;
      return memo.stateStep('ended', progress);
    }
    if (this.#checkpoints === undefined) return undefined;
    if (this.#checkpoints.isDue()) return memo.stateStep('checkpoint', progress);
    const waitMs = this.#checkpoints.waitMs();
    clearTimeout(this.#timer);
    if (waitMs !== undefined) this.#timer = setTimeout(() => this.wake(), waitMs);
    return undefined;
  }
}
