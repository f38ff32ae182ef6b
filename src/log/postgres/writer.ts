/**
 * All that is written to the log, each kind on a connection of its own. Appends wait a short while for the locks of
 * their tasks; those whose tasks another server holds for longer (it was paused in the middle of an append, say) wait on
 * in a second lane, and hold up nobody else. When such a task was free after all, it comes back.
 */
import { StoreUnavailableError } from '../../domain/errors.ts';
import type { NewEvent } from '../../domain/event.ts';
import type { NewObservation } from '../../domain/observation.ts';
import type { AppendResult, InitTaskResult, NewTask, PublishObservationResult } from '../event-log.ts';
import { createTaskWriter, type GroupDeps, type WriteCommand, type WriteResult } from './group.ts';
import { createLane, type Lane } from './lane.ts';
import { createRequest, type LaneRequest } from './request.ts';
import { createObservationWriter } from './observations.ts';
import { createSession } from './session.ts';

export interface Writer extends AsyncDisposable {
  append(batch: readonly NewEvent[]): Promise<readonly AppendResult[]>;
  initTask(task: NewTask): Promise<InitTaskResult>;
  publishObservation(input: NewObservation): Promise<PublishObservationResult>;
}

export interface WriterDeps extends GroupDeps {
  readonly url: string;
  readonly onWarning: (message: string) => void;
}

/** While the database writes for one, this thread works for the other: 1.2 to 1.3 times the events of one alone. */
const SESSIONS = 2;
/** Connections, made when they are needed, for tasks that another server holds: so many wait beside each other. */
const SLOW_SESSIONS = 3;
/** How long an append waits for a lock before it goes to the lane of those that wait. */
const LOCK_MS = 300;
/** There it waits as long, and again: what it holds already it must not keep from others for long. */
const LONG_LOCK_MS = 700;
const OBSERVATION_LOCK_MS = 1_500;
/** What may wait, roughly: beyond that an append is refused at once. */
const MAX_CHARACTERS = 64_000_000;
const EVENT_CHARACTERS = 500;

export function createWriter({ url, onWarning, ...deps }: WriterDeps): Writer {
  let characters = 0;
  let isOpen = true;
  const slow: Lane<WriteCommand, WriteResult> = createLane({
    sessions: Array.from({ length: SLOW_SESSIONS }, () => createSession({ url, lockMs: LONG_LOCK_MS })),
    writer: createTaskWriter(deps),
    giveBack(request) {
      if (isOpen) fast.add(request);
      return isOpen;
    },
    onWarning,
  });
  const fast = createLane({
    sessions: Array.from({ length: SESSIONS }, () => createSession({ url, lockMs: LOCK_MS })),
    writer: createTaskWriter(deps),
    passOn: (request) => slow.add(request),
    onWarning,
  });
  const observations = createLane({
    sessions: [createSession({ url, lockMs: OBSERVATION_LOCK_MS })],
    writer: createObservationWriter(deps.now),
    onWarning,
  });

  type Facts<Command, Result> = Parameters<typeof createRequest<Command, Result>>[0];

  function send<Command, Result>(
    facts: Facts<Command, Result>,
    add: (request: LaneRequest<Command, Result>) => void,
  ): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    if (!isOpen || characters > MAX_CHARACTERS) {
      reject(new StoreUnavailableError('FAILED'));
      return promise;
    }
    characters += facts.characters;
    const leave = (): void => {
      characters -= facts.characters;
    };
    const request = createRequest<Command, Result>(facts, {
      resolve(result) {
        leave();
        resolve(result);
      },
      reject(error) {
        leave();
        reject(error);
      },
    });
    add(request);
    return promise;
  }

  function route(request: LaneRequest<WriteCommand, WriteResult>): void {
    const isHeldUp = request.taskIds.some((taskId) => slow.has(taskId));
    (isHeldUp ? slow : fast).add(request);
  }

  return {
    async append(batch) {
      const taskIds = [...new Set(batch.map(({ taskId }) => taskId))];
      const size = batch.reduce((sum, event) => sum + charactersOf(event), 0);
      const command: WriteCommand = { kind: 'append', batch };
      const facts = { command, taskIds, records: batch.length, characters: size };
      // Each kind of command has its kind of result.
      return (await send<WriteCommand, WriteResult>(facts, route)) as readonly AppendResult[];
    },
    async initTask(task) {
      const command: WriteCommand = { kind: 'initTask', task };
      const facts = { command, taskIds: [task.taskId], records: 1, characters: EVENT_CHARACTERS };
      return (await send<WriteCommand, WriteResult>(facts, route)) as InitTaskResult;
    },
    publishObservation: (input) =>
      send(
        { command: input, taskIds: [], records: 1, characters: input.content.length + EVENT_CHARACTERS },
        (request) => observations.add(request),
      ),
    async [Symbol.asyncDispose]() {
      isOpen = false;
      await fast[Symbol.asyncDispose]();
      await Promise.all([slow, observations].map((lane) => lane[Symbol.asyncDispose]()));
    },
  };
}

function charactersOf({ message, details }: NewEvent): number {
  return EVENT_CHARACTERS + message.length + (details === undefined ? 0 : JSON.stringify(details).length);
}
