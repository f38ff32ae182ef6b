/**
 * How much one caller may write in a second, and how much may be written to one task. An event counts as one, and so
 * does everything else that is written: a task begun or deleted, an observation, a token. What is refused was not
 * stored; what could never pass, because it is more than a whole second's share, is told so, or it would be tried for
 * ever.
 */
import { LimitExceededError, RateLimitedError } from '../domain/errors.ts';
import { ANYONE } from '../domain/viewer.ts';
import type { EventVerbs } from '../manager/event-manager.ts';
import type { TokenIssuer } from '../schema/context.ts';
import { Rates } from '../util/rates.ts';

export interface WriteLimitOptions {
  readonly maxEmitsPerTask: number;
  readonly maxEmitsPerViewer: number;
  readonly onRefused: (limit: WriteLimit<never>['name']) => void;
}

/** Everything by which a caller writes. */
export interface Writers {
  readonly manager: EventVerbs;
  readonly tokens: TokenIssuer | undefined;
}

/** @returns the same, counted for that viewer. */
export type CountWrites = (writers: Writers, viewer: object) => Writers;

interface WriteLimit<Key> {
  readonly name: 'emitsPerTask' | 'emitsPerViewer';
  readonly max: number;
  readonly rates: Rates<Key>;
}

export function createWriteLimits({ maxEmitsPerTask, maxEmitsPerViewer, onRefused }: WriteLimitOptions): CountWrites {
  const ofTask = { name: 'emitsPerTask', max: maxEmitsPerTask, rates: new Rates<string>(maxEmitsPerTask) } as const;
  const ofViewer = {
    name: 'emitsPerViewer',
    max: maxEmitsPerViewer,
    rates: new Rates<object>(maxEmitsPerViewer),
  } as const;

  function count<Key>({ name, rates }: WriteLimit<Key>, key: Key, amount: number): void {
    const waitMs = rates.take(key, amount);
    if (waitMs === undefined) return;
    onRefused(name);
    throw new RateLimitedError(waitMs);
  }

  function requirePossible<Key>({ name, max }: WriteLimit<Key>, amount: number): void {
    if (amount <= max) return;
    onRefused(name);
    const whose = name === 'emitsPerTask' ? 'one task' : 'one caller';
    throw new LimitExceededError(['inputs'], `must hold at most ${max} of ${whose}, for that is its share of a second`);
  }

  function countForViewer(viewer: object, amount = 1): void {
    // Strangers are told apart by their addresses alone, and those are counted by the request.
    if (viewer !== ANYONE) count(ofViewer, viewer, amount);
  }

  function countEvents(viewer: object, events: readonly { readonly taskId: string }[]): void {
    const [first, second] = events;
    if (first !== undefined && second === undefined) return countEvent(viewer, first.taskId);
    const tasks = [...Map.groupBy(events, ({ taskId }) => taskId)];
    // Before anything is counted: what is refused for good takes nothing of this second.
    if (viewer !== ANYONE) requirePossible(ofViewer, events.length);
    for (const [, { length }] of tasks) requirePossible(ofTask, length);
    countForViewer(viewer, events.length);
    for (const [taskId, { length }] of tasks) count(ofTask, taskId, length);
  }

  function countEvent(viewer: object, taskId: string): void {
    countForViewer(viewer);
    count(ofTask, taskId, 1);
  }

  return ({ manager, tokens }, viewer) => ({
    manager: {
      ...manager,
      initTask: async (input) => {
        countForViewer(viewer);
        return manager.initTask(input);
      },
      emit: async (input) => {
        countEvent(viewer, input.taskId);
        return manager.emit(input);
      },
      emitMany: async (inputs) => {
        countEvents(viewer, inputs);
        return manager.emitMany(inputs);
      },
      emitParsed: async (event) => {
        countEvent(viewer, event.taskId);
        return manager.emitParsed(event);
      },
      emitManyParsed: async (events) => {
        countEvents(viewer, events);
        return manager.emitManyParsed(events);
      },
      publishObservation: async (input) => {
        countForViewer(viewer);
        return manager.publishObservation(input);
      },
      deleteTask: async (taskId) => {
        countForViewer(viewer);
        return manager.deleteTask(taskId);
      },
    },
    tokens:
      tokens &&
      (async (order) => {
        countForViewer(viewer);
        return tokens(order);
      }),
  });
}
