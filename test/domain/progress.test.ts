/** The fold, for any history at all: the same however it is split, in range, monotone where it says so, and final. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EVENT_TYPES, PROGRESS_STAGES, type Genesis, type TaskEvent } from '../../src/domain/event.ts';
import { componentOf, foldEvent, initialProgress, isFinal, type TaskProgress } from '../../src/domain/progress.ts';

const GENESIS: Genesis = { logId: 'log', taskId: 'task', labels: [], createdAt: 1_000, startedAt: 900 };
const START = initialProgress(GENESIS, '0'.repeat(16));

const Names = fc.constantFrom('__proto__', 'constructor', 'toString', 'a', 'b', '1', '0', 'Ω');
const Fraction = fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined });
const Time = fc.integer({ min: -1_000_000, max: 10_000_000_000_000 });

type Facts = Omit<TaskEvent, 'seq' | 'taskId' | 'eventId' | 'hash' | 'previousHash'>;

function facts(types: readonly TaskEvent['eventType'][]): fc.Arbitrary<Facts> {
  return fc.record({
    eventType: fc.constantFrom(...types),
    timestamp: Time,
    recordedAt: Time,
    component: Names,
    stage: fc.constantFrom(...PROGRESS_STAGES),
    message: fc.string(),
    progress: Fraction,
  });
}

const RUNNING_TYPES = EVENT_TYPES.filter((type) => type !== 'task_completed' && type !== 'task_failed');
const AnyHistory = fc.array(facts(EVENT_TYPES), { maxLength: 40 }).map(toEvents);
const RunningHistory = fc.array(facts(RUNNING_TYPES), { maxLength: 40 }).map(toEvents);

function toEvents(all: readonly Facts[]): readonly TaskEvent[] {
  return all.map((each, index) => ({
    ...each,
    taskId: 'task',
    eventId: `e${index}`,
    seq: index + 1,
    hash: String(index + 1).padStart(16, '0'),
    previousHash: String(index).padStart(16, '0'),
  }));
}

function event(given: Partial<TaskEvent>): TaskEvent {
  const [made] = toEvents([
    {
      eventType: 'progress_update',
      timestamp: 1_000,
      recordedAt: 1_000,
      component: 'a',
      stage: 'analysis',
      message: '',
    },
  ]);
  if (made === undefined) throw new Error('no event');
  return { ...made, ...given };
}

function fold(events: readonly TaskEvent[], from: TaskProgress = START): TaskProgress {
  return events.reduce(foldEvent, from);
}

/** The state after each event. */
function states(events: readonly TaskEvent[]): readonly TaskProgress[] {
  let progress = START;
  return events.map((each) => (progress = foldEvent(progress, each)));
}

describe('for any history', () => {
  test('any split of it folds to the same, and nothing that was given changes', () => {
    fc.assert(
      fc.property(AnyHistory, fc.nat(), (events, cut) => {
        const place = cut % (events.length + 1);
        const half = fold(events.slice(0, place));
        const copy = structuredClone(half);
        const joined = fold(events.slice(place), half);
        expect(joined).toEqual(fold(events));
        expect([...joined.components.keys()]).toEqual([...fold(events).components.keys()]);
        expect(half).toEqual(copy);
      }),
    );
    expect(START.components.size).toBe(0);
  });

  test('all numbers are finite and in range, and the place is that of the last event', () => {
    fc.assert(
      fc.property(AnyHistory, (events) => {
        for (const [index, progress] of states(events).entries()) {
          const fractions = [progress.overallProgress, progress.displayProgress];
          for (const component of progress.components.values()) fractions.push(component.progress);
          expect(fractions.every((value) => value >= 0 && value <= 1)).toBe(true);
          expect(Number.isFinite(progress.lastUpdate)).toBe(true);
          expect([progress.seq, progress.hash]).toEqual([index + 1, events[index]?.hash]);
        }
      }),
    );
    expect(START).toMatchObject({
      overallProgress: 0,
      displayProgress: 0,
      seq: 0,
      stage: 'planning',
      status: 'running',
    });
  });

  test('what is shown never falls, stays below 1 until the task completed, and then is 1', () => {
    fc.assert(
      fc.property(AnyHistory, (events) => {
        let before = 0;
        for (const { displayProgress, status } of states(events)) {
          expect(displayProgress).toBeGreaterThanOrEqual(before);
          expect(status === 'completed' ? displayProgress === 1 : displayProgress <= 0.99).toBe(true);
          before = displayProgress;
        }
      }),
    );
    expect.hasAssertions();
  });

  test('times in any order: lastUpdate is the latest that counts, and nothing moves into the future', () => {
    fc.assert(
      fc.property(RunningHistory, (events) => {
        const times = events.map(({ timestamp, recordedAt }) => Math.min(timestamp, recordedAt));
        const progress = fold(events);
        expect(progress.lastUpdate).toBe(Math.max(GENESIS.startedAt, ...times));
        expect(progress.startedAt).toBe(GENESIS.startedAt);
        for (const [name, { startedAt, lastUpdate }] of progress.components) {
          const own = times.filter((_, index) => events[index]?.component === name);
          expect(startedAt).toBe(own[0]);
          expect(lastUpdate).toBe(Math.max(...own));
        }
      }),
    );
    expect.hasAssertions();
  });

  test('the mean is that of the last reports, summed in the order of the first ones', () => {
    fc.assert(
      fc.property(RunningHistory, (events) => {
        const order = [...new Set(events.map(({ component }) => component))];
        const last = order.map(
          (name) => events.findLast((each) => each.component === name && each.progress !== undefined)?.progress ?? 0,
        );
        let sum = 0;
        for (const value of last) sum += value;
        const progress = fold(events);
        expect([...progress.components.keys()]).toEqual(order);
        expect(progress.overallProgress).toBe(order.length === 0 ? 0 : sum / order.length);
      }),
    );
    expect.hasAssertions();
  });

  test('of many components as of few: the same sum, in the same order, and no state changes when others follow', () => {
    const Report = fc.record({ name: fc.nat({ max: 59 }), progress: Fraction });
    fc.assert(
      fc.property(fc.array(Report, { minLength: 40, maxLength: 120 }), (reports) => {
        const last = new Map<string, number>();
        const expected: unknown[] = [];
        const events = reports.map(({ name, progress }, index) =>
          event({ component: `c${name}`, progress, seq: index + 1 }),
        );
        for (const { component, progress } of events) {
          last.set(component, progress ?? last.get(component) ?? 0);
          let sum = 0;
          for (const value of last.values()) sum += value;
          expected.push([sum / last.size, [...last]]);
        }
        const seen = states(events).map(({ overallProgress, components }) => [
          overallProgress,
          Array.from(components.values(), ({ name, progress }) => [name, progress]),
        ]);
        expect(seen).toEqual(expected);
      }),
      { numRuns: 50 },
    );
    expect.hasAssertions();
  });

  test('the end is final: what comes later moves nothing but the place', () => {
    fc.assert(
      fc.property(RunningHistory, fc.constantFrom('task_completed', 'task_failed'), AnyHistory, (before, end, late) => {
        const ended = foldEvent(fold(before), event({ eventType: end, component: 'lead', seq: before.length + 1 }));
        expect(isFinal(ended)).toBe(true);
        const after = fold(late, ended);
        expect(after).toEqual({ ...ended, seq: after.seq, hash: after.hash });
      }),
    );
    expect.hasAssertions();
  });
});

describe('single rules', () => {
  test('a reported 0 counts; a left-out progress keeps the last one', () => {
    const reports = [0.8, undefined, 0, undefined].map((progress, index) => event({ progress, seq: index + 1 }));
    expect(states(reports).map(({ overallProgress }) => overallProgress)).toEqual([0.8, 0.8, 0, 0]);
    expect(states(reports).map(({ displayProgress }) => displayProgress)).toEqual([0.8, 0.8, 0.8, 0.8]);
  });

  test('a component that never reported a progress counts as 0 in the mean', () => {
    const progress = fold([event({ component: 'a', progress: 1 }), event({ component: 'b' })]);
    expect(progress.overallProgress).toBe(0.5);
  });

  test('everything done is not yet completed: 0.99 is shown', () => {
    expect(fold([event({ progress: 1, stage: 'complete' })])).toMatchObject({
      status: 'running',
      overallProgress: 1,
      displayProgress: 0.99,
    });
  });

  test.each(PROGRESS_STAGES)('stage %s alone ends no task', (stage) => {
    expect(fold([event({ stage })])).toMatchObject({ status: 'running', stage });
  });

  test.each(EVENT_TYPES)('%s sets the status of its component, and ends the task only if it says so', (eventType) => {
    const ends: Readonly<Record<string, string>> = { task_completed: 'completed', task_failed: 'failed' };
    const progress = fold([event({ eventType, message: 'said', stage: 'review' })]);
    expect(progress.status).toBe(ends[eventType] ?? 'running');
    expect(progress.components.get('a')).toMatchObject({ status: eventType, message: 'said', stage: 'review' });
  });

  test('a failed task keeps the progress it had', () => {
    const progress = fold([event({ progress: 0.4 }), event({ eventType: 'task_failed', component: 'b' })]);
    expect(progress).toMatchObject({ status: 'failed', overallProgress: 0.2, displayProgress: 0.4 });
  });

  test('a component named __proto__ is a component', () => {
    const progress = fold([event({ component: '__proto__', progress: 0.5 })]);
    expect(progress.components.get('__proto__')).toMatchObject({ name: '__proto__', progress: 0.5 });
    expect(({} as Readonly<Record<string, unknown>>)['progress']).toBeUndefined();
  });

  test('a late event of a component that never reported is shown as the event alone tells it', () => {
    const end = foldEvent(START, event({ eventType: 'task_completed', component: 'lead' }));
    const late = event({ component: 'stranger', progress: 0.3, message: 'late', timestamp: 5_000, recordedAt: 2_000 });
    const after = foldEvent(end, late);
    expect(after.components.has('stranger')).toBe(false);
    expect(componentOf(after, late)).toMatchObject({ name: 'stranger', progress: 0.3, startedAt: 2_000 });
    expect(componentOf(after, event({ component: 'lead', progress: 0.1 })).progress).toBe(0);
  });
});
