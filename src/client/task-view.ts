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
  return {
    progress: update.progress,
    components: foldComponents(view, update),
    cursor: update.cursor,
    hasEnded: update.__typename === 'TaskEnded',
  };
}

function foldComponents(view: TaskView | undefined, update: TaskUpdate): ReadonlyMap<string, ComponentView> {
  const known = view?.components ?? new Map<string, ComponentView>();
  if (update.__typename === 'TaskEventRecorded') return new Map(known).set(update.component.name, update.component);
  // A kind of update that is newer than this client has no components that it asked for.
  const { components } = update.progress;
  return components === undefined ? known : new Map(components.map((component) => [component.name, component]));
}
