/**
 * Tasks as a writer holds them: as they stand inside its open transaction, which rows of each are to be written, and
 * afterwards as a hint for the next one. Another server may have written in between, so a hint counts only when the row,
 * once it is locked, says the same.
 */
import type { TaskEvent } from '../../domain/event.ts';
import { isFinal, type TaskProgress } from '../../domain/progress.ts';
import type { TaskHead } from '../event-log.ts';
import type { PlannedTask } from '../plan-append.ts';
import type { FoundEvent } from '../record.ts';
import { numberOf, textOf, type Row } from '../stored/rows.ts';
import {
  componentChecksum,
  componentPlaces,
  EMPTY_DIGEST,
  encodeComponent,
  encodeTask,
  mixDigest,
  type StoredTask,
} from '../stored/state.ts';
import type { COLUMNS } from './statements.ts';
import type { Cell } from './table-param.ts';
import type { LoadedTask } from './tasks.ts';

export interface HeldTask extends StoredTask, TaskHead {
  progress: TaskProgress;
  recordedAt: number;
  oldestSeq: number;
  baseHash: string;
  lastEventId: string;
  /** By name: its number, and the checksum of its row as it stands in the table. */
  readonly components: Map<string, { readonly number: number; readonly checksum: string }>;
  /** Over all rows of components as they stand in the table. */
  componentDigest: string;
  /** Components whose rows are to be written. */
  readonly touched: Set<string>;
  /** Its rows of components are to be dropped first. */
  isWrong: boolean;
  /** The genesis record of a task whose row is still to be inserted. */
  newRecord: string | undefined;
  isChanged: boolean;
  /** By id: events of the open transaction, and those that were looked for and found. */
  readonly known: Map<string, FoundEvent>;
}

/** Less than every event id. */
const NO_EVENT_ID = '-';

export function beginTask({ head, record, hash }: PlannedTask, key: number): HeldTask {
  const { genesis, progress } = head;
  const stored = { key, genesis, genesisHash: hash, oldestSeq: 1, progress, recordedAt: genesis.createdAt };
  return { ...hold({ ...stored, baseHash: hash, lastEventId: NO_EVENT_ID, healed: false }), newRecord: record };
}

export function hold({ healed, ...task }: LoadedTask): HeldTask {
  const held: HeldTask = {
    ...task,
    components: new Map(),
    componentDigest: EMPTY_DIGEST,
    touched: new Set(),
    isWrong: healed,
    newRecord: undefined,
    isChanged: healed,
    known: new Map(),
  };
  for (const component of task.progress.components.values()) {
    if (healed) held.touched.add(component.name);
    else noteComponent(held, component.name, encodeComponent(component));
  }
  return held;
}

/** False when somebody else wrote the task since. */
export function isStill(task: HeldTask, row: Row): boolean {
  return (
    row['seq'] === task.progress.seq &&
    row['hash'] === task.progress.hash &&
    row['recorded_at'] === task.recordedAt &&
    row['component_digest'] === task.componentDigest
  );
}

/** What may have changed although the task did not go on: it was trimmed. */
export function refresh(task: HeldTask, row: Row): void {
  task.oldestSeq = numberOf(row, 'oldest_seq');
  task.baseHash = textOf(row, 'base_hash');
  task.lastEventId = textOf(row, 'last_event_id');
}

/** The task's state after one more event. */
export function advance(task: HeldTask, progress: TaskProgress, found: FoundEvent): void {
  const { component, eventId, recordedAt }: TaskEvent = found.event;
  if (!isFinal(task.progress)) task.touched.add(component);
  if (eventId > task.lastEventId) task.lastEventId = eventId;
  task.known.set(eventId, found);
  task.progress = progress;
  task.recordedAt = recordedAt;
  task.isChanged = true;
}

/** The rows of the components that changed. From here on the task counts them as written. */
export function takeComponents(task: HeldTask): readonly Record<'task' | 'number' | 'state', Cell>[] {
  const rows = [...task.touched].map((name) => {
    const component = task.progress.components.get(name);
    if (component === undefined) throw new Error(`No component ${name}`);
    const state = encodeComponent(component);
    return { task: task.key, number: noteComponent(task, name, state), state };
  });
  task.touched.clear();
  return rows;
}

/** By column, with the checksum. Its components must be taken first. */
export function taskRow(task: HeldTask): Readonly<Record<(typeof COLUMNS.task)[number]['name'], Cell>> {
  const { genesis, progress } = task;
  return {
    task: task.key,
    task_id: genesis.taskId,
    genesis_hash: task.genesisHash,
    oldest_seq: task.oldestSeq,
    seq: progress.seq,
    hash: progress.hash,
    status: progress.status,
    stage: progress.stage,
    started_at: progress.startedAt,
    last_update: progress.lastUpdate,
    overall: progress.overallProgress,
    display: progress.displayProgress,
    recorded_at: task.recordedAt,
    component_count: progress.components.size,
    component_digest: task.componentDigest,
    checksum: checksumOf(task),
    genesis: task.newRecord ?? '',
    base_hash: task.baseHash,
    last_event_id: task.lastEventId,
  };
}

function checksumOf(task: HeldTask): string {
  const checksum = encodeTask(task, task.componentDigest, 0).at(-1);
  if (typeof checksum !== 'string') throw new Error('A row ends with its checksum.');
  return checksum;
}

/** @returns its number. */
function noteComponent(task: HeldTask, name: string, state: string): number {
  const before = task.components.get(name);
  const number = before?.number ?? task.components.size;
  const checksum = componentChecksum(componentPlaces(task.key).from + number, state);
  task.components.set(name, { number, checksum });
  task.componentDigest = mixDigest(task.componentDigest, before?.checksum ?? EMPTY_DIGEST, checksum);
  return number;
}

export interface HeadCache {
  get(taskId: string): HeldTask | undefined;
  /** After the commit. */
  keep(task: HeldTask): void;
  forget(taskIds: Iterable<string>): void;
}

/** Tasks and components that are remembered, together. */
const MAX_WEIGHT = 50_000;

export function createHeadCache(): HeadCache {
  // In order of use: the first is the one to drop.
  const tasks = new Map<string, HeldTask>();
  const weights = new Map<string, number>();
  let weight = 0;

  function drop(taskId: string): void {
    tasks.delete(taskId);
    weight -= weights.get(taskId) ?? 0;
    weights.delete(taskId);
  }

  return {
    get: (taskId) => tasks.get(taskId),
    keep(task) {
      const { taskId } = task.genesis;
      drop(taskId);
      task.known.clear();
      task.newRecord = undefined;
      task.isWrong = false;
      task.isChanged = false;
      tasks.set(taskId, task);
      weights.set(taskId, 1 + task.progress.components.size);
      weight += 1 + task.progress.components.size;
      for (const oldest of tasks.keys()) {
        if (weight <= MAX_WEIGHT) break;
        drop(oldest);
      }
    },
    forget(taskIds) {
      for (const taskId of taskIds) drop(taskId);
    },
  };
}
