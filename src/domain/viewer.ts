/**
 * Who is asking, and what that lets them do. A viewer holds grants; a grant is an action and a set of tasks, written
 * `read:run-42`, `emit:team-a/*` (every id that begins so) or `admin:*` (every task). What is not granted is refused,
 * by the grant alone: whether such a task exists is not looked up, so a refusal tells nothing of it.
 */
import { LIMITS } from './limits.ts';
import { Id } from './values.ts';

/**
 * - `emit`: begin tasks, record events, publish observations;
 * - `read`: a task, its progress, its log and its streams;
 * - `observe`: observations;
 * - `admin`: all of that, delete a task, and give out tokens for it.
 */
export const ACTIONS = Object.freeze(['emit', 'read', 'observe', 'admin'] as const);
export type Action = (typeof ACTIONS)[number];

/** A task is in it by its id, or by how its id begins; the prefix '' has all. */
export interface TaskSet {
  readonly taskIds: ReadonlySet<string>;
  readonly prefixes: readonly string[];
  /** Of those, only the ones that it accepts. */
  readonly accepts?: ((taskId: string) => boolean) | undefined;
}

export interface Viewer {
  /** For the operator's log. */
  readonly name: string;
  readonly grants: Readonly<Record<Action, TaskSet>>;
  /** Milliseconds since 1970; Infinity for one that does not expire. */
  readonly expiresAt: number;
  /** Ids of what this rests on (a key, a token, the key that gave out the token): revoking any of them ends it. */
  readonly credentials: readonly string[];
  /**
   * An embedder's own rule, asked each time after the grants; what it denies is not granted. It answers at once: what
   * it rests on is looked up when the viewer is made. @param taskId undefined: every task, or what concerns none.
   */
  readonly authorize?: ((action: Action, taskId: string | undefined) => boolean) | undefined;
}

const ALL_TASKS: TaskSet = Object.freeze({ taskIds: new Set<string>(), prefixes: [''] });

/** Where nobody has to say who they are. */
export const ANYONE: Viewer = Object.freeze({
  name: 'anyone',
  grants: Object.freeze({ emit: ALL_TASKS, read: ALL_TASKS, observe: ALL_TASKS, admin: ALL_TASKS }),
  expiresAt: Number.POSITIVE_INFINITY,
  credentials: [],
});

/** @param taskId left out: every task, or what concerns none. */
export function may({ grants, authorize }: Viewer, action: Action, taskId?: string): boolean {
  const isGranted = isInSet(grants[action], taskId) || isInSet(grants.admin, taskId);
  return isGranted && authorize?.(action, taskId) !== false;
}

/** Whether the action is granted on any task at all; what an embedder's rule says of it is asked for each. */
export function mayOnSome({ grants }: Viewer, action: Action): boolean {
  return !isEmpty(grants[action]) || !isEmpty(grants.admin);
}

/** The tasks of an action; undefined when it is every task. */
export function tasksOf({ grants, authorize }: Viewer, action: Action): TaskSet | undefined {
  const taskIds = new Set([...grants[action].taskIds, ...grants.admin.taskIds]);
  const prefixes = [...new Set([...grants[action].prefixes, ...grants.admin.prefixes])];
  if (authorize !== undefined) return { taskIds, prefixes, accepts: (taskId) => authorize(action, taskId) };
  return prefixes.includes('') ? undefined : { taskIds, prefixes };
}

/** @param taskId undefined: every task. */
export function isInSet({ taskIds, prefixes, accepts }: TaskSet, taskId: string | undefined): boolean {
  if (taskId === undefined) return prefixes.includes('') && accepts === undefined;
  const isIn = taskIds.has(taskId) || prefixes.some((prefix) => taskId.startsWith(prefix));
  return isIn && accepts?.(taskId) !== false;
}

/** One grant as it is written, or undefined for what is none. */
export function parseGrant(text: string): { readonly action: Action; readonly tasks: string } | undefined {
  const colon = text.indexOf(':');
  const action = ACTIONS.find((each) => each === text.slice(0, colon));
  const tasks = text.slice(colon + 1);
  if (action === undefined || tasks.length > LIMITS.idLength + 1) return undefined;
  const start = tasks.endsWith('*') ? tasks.slice(0, -1) : tasks;
  const isAll = tasks === '*';
  return isAll || Id.safeParse(start).success ? { action, tasks } : undefined;
}

/** @param texts grants; what is none is passed over, for tokens bear scopes of others as well. */
export function toGrants(texts: Iterable<string>): Viewer['grants'] {
  const found: Record<Action, { taskIds: Set<string>; prefixes: string[] }> = {
    emit: { taskIds: new Set(), prefixes: [] },
    read: { taskIds: new Set(), prefixes: [] },
    observe: { taskIds: new Set(), prefixes: [] },
    admin: { taskIds: new Set(), prefixes: [] },
  };
  for (const text of texts) {
    const grant = parseGrant(text);
    if (grant === undefined) continue;
    const { taskIds, prefixes } = found[grant.action];
    if (grant.tasks.endsWith('*')) prefixes.push(grant.tasks.slice(0, -1));
    else taskIds.add(grant.tasks);
  }
  return found;
}

function isEmpty({ taskIds, prefixes }: TaskSet): boolean {
  return taskIds.size === 0 && prefixes.length === 0;
}
