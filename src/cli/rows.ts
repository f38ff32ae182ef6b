/**
 * Which rows are shown when a terminal is too low for all: those that are at work or in trouble. They keep their order,
 * and leave their place only to one that matters more, so that nothing moves while nothing happens.
 */
import type { ComponentView } from '../client/index.ts';
import { MARKS } from './look.ts';
import { lookOf, type Look } from '../view/look.ts';
import type { Screen } from './screen.ts';

export interface Rows {
  readonly tasks: readonly TaskRows[];
  /** Says what is not shown, in one line. */
  readonly rest?: string | undefined;
}

export interface TaskRows {
  readonly screen: Screen;
  readonly components: readonly ComponentView[];
}

/** Each task takes a row, and so does each of its components. */
export function chooseRows(screens: readonly Screen[], height: number): Rows {
  const all = screens.map((screen): TaskRows => ({
    screen,
    components: [...(screen.view?.components.values() ?? [])],
  }));
  const claims = all.flatMap(claimsOf);
  if (all.length + claims.length <= height) return { tasks: all };
  // One row says how many are not shown; a terminal of one line shows what matters most.
  const room = Math.max(1, height - 1);
  // Sorting is stable: of two that matter as much, the one that was there first.
  const tasks = new Set(all.toSorted((a, b) => interestOfTask(b.screen) - interestOfTask(a.screen)).slice(0, room));
  const shown = new Set(
    claims
      .toSorted((a, b) => b.interest - a.interest || a.nth - b.nth)
      .slice(0, room - tasks.size)
      .map(({ component }) => component),
  );
  const hidden: Hidden = {
    tasks: all.filter((task) => !tasks.has(task)),
    components: claims.flatMap(({ component }) => (shown.has(component) ? [] : [component])),
  };
  return {
    tasks: all
      .filter((task) => tasks.has(task))
      .map(({ screen, components }) => ({ screen, components: components.filter((each) => shown.has(each)) })),
    rest: height > 1 ? restLine(hidden, screens.length) : undefined,
  };
}

interface Claim {
  readonly component: ComponentView;
  readonly interest: number;
  /** Which of its task's that matter as much: so each task has its share of the rows. */
  readonly nth: number;
}

function claimsOf({ screen, components }: TaskRows): Claim[] {
  const times = new Map<number, number>();
  return components.map((component) => {
    const interest = interestOfComponent(screen, component);
    const nth = times.get(interest) ?? 0;
    times.set(interest, nth + 1);
    return { component, interest, nth };
  });
}

export function lookOfTask({ view, isDeleted }: Screen): Look {
  if (isDeleted || view?.progress.status === 'FAILED') return 'failed';
  if (view === undefined) return 'waiting';
  return view.progress.status === 'COMPLETED' ? 'done' : 'running';
}

export function isOver({ view, isDeleted }: Screen): boolean {
  return isDeleted || (view !== undefined && view.progress.status !== 'RUNNING');
}

const INTEREST: Readonly<Record<Look, number>> = Object.freeze({
  failed: 4,
  warning: 3,
  running: 2,
  waiting: 1,
  done: 0,
});
const OF_WHAT_GOES_ON = 10;

/** What is over comes after all that goes on. */
function interestOfComponent(screen: Screen, component: ComponentView): number {
  return INTEREST[lookOf(component.status, component.progress)] + (isOver(screen) ? 0 : OF_WHAT_GOES_ON);
}

/** One of which nothing was heard yet matters less than one whose components are at work. */
function interestOfTask(screen: Screen): number {
  if (isOver(screen) || screen.view === undefined) return INTEREST[lookOfTask(screen)];
  const ofComponents = Array.from(screen.view.components.values(), (each) => interestOfComponent(screen, each));
  return Math.max(INTEREST.waiting + OF_WHAT_GOES_ON, ...ofComponents);
}

interface Hidden {
  readonly tasks: readonly TaskRows[];
  readonly components: readonly ComponentView[];
}

function restLine({ tasks, components }: Hidden, taskCount: number): string {
  const looks = [
    ...tasks.map(({ screen }) => lookOfTask(screen)),
    ...components.map((component) => lookOf(component.status, component.progress)),
  ];
  const order: readonly Look[] = ['failed', 'warning', 'running', 'waiting', 'done'];
  const marks = order
    .map((look) => ({ look, times: looks.filter((each) => each === look).length }))
    .filter(({ times }) => times > 0)
    .map(({ look, times }) => `${MARKS[look]} ${times}`);
  const what = [count(tasks.length, 'task'), count(components.length, 'component')].filter((text) => text !== '');
  const number = taskCount === 1 ? `${components.length}` : what.join(' and ');
  return `  … ${number} more:  ${marks.join('  ')}`;
}

function count(n: number, noun: string): string {
  return n === 0 ? '' : `${n} ${noun}${n === 1 ? '' : 's'}`;
}
