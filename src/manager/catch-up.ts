/**
 * What no notice told of. While somebody listens the log is asked what changed since it was last asked: every so
 * often, and at once when notices were surely lost. One query serves all who listen, however many they are.
 */
import type { EventLog } from '../log/event-log.ts';
import { createMissedNotices } from './missed-notices.ts';

export interface CatchUp {
  /** Everything that changes after this resolves is found. Doing it again changes nothing. */
  begin(): Promise<void>;
  /** Look every `everyMs` from now on. */
  start(): void;
  stop(): void;
  /** Look now. */
  look(): void;
  /** A notice told of these. */
  told(taskIds: readonly string[]): void;
  readonly missedCount: number;
}

export interface CatchUpDeps {
  readonly log: Pick<EventLog, 'changes' | 'observationPlace'>;
  readonly everyMs: number;
  readonly isWatched: (taskId: string) => boolean;
  readonly areObservationsWatched: () => boolean;
  readonly wakeTasks: (taskIds: readonly string[]) => void;
  /** What anybody read of these before is of a history that is over. */
  readonly doubtTasks: (taskIds: readonly string[]) => void;
  readonly wakeObservations: () => void;
  /** What anybody read before may be of another history. */
  readonly doubtEverything: () => void;
  readonly onError: (error: unknown) => void;
}

const CHANGES_PAGE = 1_000;

export function createCatchUp(deps: CatchUpDeps): CatchUp {
  const { log, everyMs, isWatched, areObservationsWatched, onError } = deps;
  const { wakeTasks, doubtTasks, wakeObservations, doubtEverything } = deps;
  const missed = createMissedNotices();
  let poll: NodeJS.Timeout | undefined;
  let position: string | undefined;
  let observationsHead: string | undefined;
  let isLooking = false;
  let isAskedAgain = false;

  async function lookUntilDone(): Promise<void> {
    isLooking = true;
    try {
      do {
        isAskedAgain = false;
        await lookOnce();
      } while (isAskedAgain);
    } finally {
      isLooking = false;
    }
  }

  async function lookOnce(): Promise<void> {
    if (areObservationsWatched()) await lookAtObservations();
    missed.nextLook();
    for (;;) {
      const changes = await log.changes({ after: position, limit: CHANGES_PAGE });
      const { taskIds, deletedIds } = changes;
      ({ position } = changes);
      if (changes.mayHaveDiverged) doubtEverything();
      else doubtTasks(deletedIds);
      for (const taskId of taskIds) if (isWatched(taskId)) missed.found(taskId);
      wakeTasks(taskIds);
      if (taskIds.length < CHANGES_PAGE) return;
    }
  }

  async function lookAtObservations(): Promise<void> {
    const head = (await log.observationPlace())?.hash;
    if (head !== observationsHead) wakeObservations();
    observationsHead = head;
  }

  /** A store that is slow to answer is not asked again meanwhile. */
  function lookInTurn(): void {
    if (!isLooking) void lookUntilDone().catch(onError);
  }

  return {
    async begin() {
      position ??= (await log.changes({ limit: 0 })).position;
    },
    start() {
      if (poll !== undefined) return;
      missed.begin();
      poll = setInterval(lookInTurn, everyMs).unref();
    },
    stop() {
      clearInterval(poll);
      poll = undefined;
    },
    look() {
      // What it is about may have been written after the running look read.
      isAskedAgain = isLooking;
      lookInTurn();
    },
    told(taskIds) {
      // With nobody listening nobody looks, and this would only grow.
      if (poll !== undefined) for (const taskId of taskIds) missed.told(taskId);
    },
    get missedCount() {
      return missed.count;
    },
  };
}
