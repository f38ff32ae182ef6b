/**
 * What a screen needs to know of a task, folded from its updates. An event brings only the component that it
 * changed; every other update brings them all and replaces whatever was known.
 */
import type { ComponentFieldsFragment, ProgressFieldsFragment } from './generated/graphql.ts';
import type { TaskUpdate } from './watch-task.ts';

export type ComponentView = ComponentFieldsFragment;

export interface TaskView {
  readonly progress: ProgressFieldsFragment;
  /** In the order in which they first reported. */
  readonly components: ReadonlyMap<string, ComponentView>;
  readonly cursor: string;
  readonly hasEnded: boolean;
}

/** The view after one more update; `undefined` stands for "nothing known yet". */
export function foldUpdate(view: TaskView | undefined, update: TaskUpdate): TaskView {
  const components = new Map(view?.components);
  foldComponents(components, update);
  return toView(components, update);
}

/** As of the last update; the components are not copied. */
export function toView(components: ReadonlyMap<string, ComponentView>, update: TaskUpdate): TaskView {
  return {
    progress: update.progress,
    components,
    cursor: update.cursor,
    hasEnded: update.__typename === 'TaskEnded',
  };
}

/** In place. A component that is told again without a change stays the same object. */
export function foldComponents(known: Map<string, ComponentView>, update: TaskUpdate): void {
  if (update.__typename === 'TaskEventRecorded') {
    known.set(update.component.name, update.component);
    return;
  }
  // A kind of update that is newer than this client has no components that it asked for.
  const { components } = update.progress;
  if (components === undefined) return;
  const before = new Map(known);
  known.clear();
  for (const component of components) {
    const old = before.get(component.name);
    known.set(component.name, old !== undefined && isSame(old, component) ? old : component);
  }
}

/** All of its fields are plain values, and both were selected by one document. */
function isSame(a: ComponentView, b: ComponentView): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
