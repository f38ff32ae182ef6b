/** The writer's tasks in memory: as they stand inside the open transaction, and which rows of each are to be written. */
import type { TaskEvent } from '../../domain/event.ts';
import { isFinal, type TaskProgress, type TaskStatus } from '../../domain/progress.ts';
import type { TaskHead } from '../event-log.ts';
import {
  componentChecksum,
  componentPlaces,
  EMPTY_DIGEST,
  encodeComponent,
  mixDigest,
  type StoredTask,
  type TaskIdentity,
  type TaskState,
} from '../stored/state.ts';
import type { LoadedTask, TaskRows } from './tasks.ts';

export interface CachedTask extends StoredTask, TaskHead {
  progress: TaskProgress;
  recordedAt: number;
  oldestSeq: number;
  /** By name: its number, and the checksum of its row as it stands in the file. */
  readonly components: Map<string, { readonly number: number; readonly checksum: string }>;
  /** Over all rows of components as they stand in the file. */
  componentDigest: string;
  /** Components whose rows are to be written. */
  readonly touched: Set<string>;
  /** Not below the id of any of its events; undefined until it was looked up. */
  lastEventId: string | undefined;
  /** Undefined while the file has no row that is right. */
  storedStatus: TaskStatus | undefined;
  /** The genesis record of a task whose row is still to be inserted. */
  newRecord: string | undefined;
}

export interface TaskCache {
  get(taskId: string): CachedTask | undefined;
  /** Only if it is in memory: for what must not look at its rows. */
  peek(taskId: string): CachedTask | undefined;
  /** It was deleted: nothing of it is to be written any more. */
  remove(taskId: string): void;
  add(task: StoredTask, newRecord: string): void;
  /** The task's state after one more event. */
  advance(task: CachedTask, state: TaskState, event: TaskEvent): void;
  trim(task: CachedTask, oldestSeq: number): void;
  /** Look at its rows again. */
  reload(taskId: string): void;
  /** Those changed since the last call; only then may others be dropped from memory. */
  takeChanged(): readonly CachedTask[];
  forget(): void;
}

/** Tasks and components held in memory between two groups, together. */
const MAX_WEIGHT = 50_000;

export function createTaskCache(rows: TaskRows): TaskCache {
  // In the order in which they were loaded or last changed: the first is the one to drop.
  const tasks = new Map<string, CachedTask>();
  const changed = new Set<CachedTask>();
  let weight = 0;

  function get(taskId: string): CachedTask | undefined {
    const known = tasks.get(taskId);
    if (known !== undefined) return known;
    const loaded = rows.load(taskId);
    return loaded === undefined ? undefined : keep(fromRows(loaded));
  }

  function keep(task: CachedTask): CachedTask {
    tasks.set(task.genesis.taskId, task);
    weight += weightOf(task);
    if (task.storedStatus === undefined) changed.add(task);
    return task;
  }

  function drop(taskId: string, task: CachedTask): void {
    tasks.delete(taskId);
    weight -= weightOf(task);
  }

  return {
    get,
    peek: (taskId) => tasks.get(taskId),
    remove(taskId) {
      const known = tasks.get(taskId);
      if (known === undefined) return;
      changed.delete(known);
      drop(taskId, known);
    },
    add: (task, newRecord) => void keep({ ...toCached(task, { storedStatus: undefined, newRecord }), lastEventId: '' }),
    advance(task, { progress, recordedAt }, { component, eventId }) {
      if (!isFinal(task.progress)) task.touched.add(component);
      if (task.lastEventId !== undefined && eventId > task.lastEventId) task.lastEventId = eventId;
      weight += progress.components.size - task.progress.components.size;
      task.progress = progress;
      task.recordedAt = recordedAt;
      changed.add(task);
    },
    trim(task, oldestSeq) {
      task.oldestSeq = oldestSeq;
      changed.add(task);
    },
    reload(taskId) {
      const known = tasks.get(taskId);
      // One that changed is about to be written; what it is written from is right.
      if (known !== undefined && !changed.has(known)) drop(taskId, known);
      get(taskId);
    },
    takeChanged() {
      const taken = [...changed];
      changed.clear();
      for (const task of taken) {
        tasks.delete(task.genesis.taskId);
        tasks.set(task.genesis.taskId, task);
      }
      for (const [taskId, task] of tasks) {
        if (weight <= MAX_WEIGHT) break;
        drop(taskId, task);
      }
      return taken;
    },
    forget() {
      tasks.clear();
      changed.clear();
      weight = 0;
    },
  };
}

function weightOf({ progress }: CachedTask): number {
  return 1 + progress.components.size;
}

function fromRows(loaded: LoadedTask): CachedTask {
  const { healed, ...task } = loaded;
  const cached = toCached(task, { storedStatus: healed ? undefined : task.progress.status, newRecord: undefined });
  let place = componentPlaces(task.key).from;
  for (const component of task.progress.components.values()) {
    if (healed) {
      cached.touched.add(component.name);
    } else {
      const checksum = componentChecksum(place, encodeComponent(component));
      cached.componentDigest = mixDigest(cached.componentDigest, checksum);
      cached.components.set(component.name, { number: cached.components.size, checksum });
    }
    place += 1;
  }
  return cached;
}

function toCached(
  { key, genesis, genesisHash, oldestSeq, progress, recordedAt }: StoredTask,
  stored: Pick<CachedTask, 'storedStatus' | 'newRecord'>,
): CachedTask {
  const identity: TaskIdentity = { key, genesis, genesisHash };
  const rows = {
    components: new Map(),
    componentDigest: EMPTY_DIGEST,
    touched: new Set<string>(),
    lastEventId: undefined,
  };
  return { ...identity, oldestSeq, progress, recordedAt, ...rows, ...stored };
}
