/**
 * Derived state as rows, each under a checksum: what does not match is made again from the log, never served.
 * A component's row carries none of its own; the task's row holds the exclusive or over all of them, so that a
 * missing, stale or exchanged row shows as well as a changed one.
 */
import type { SQLInputValue } from 'node:sqlite';
import { StoreCorruptError } from '../../domain/errors.ts';
import type { Genesis } from '../../domain/event.ts';
import type { ComponentProgress, TaskProgress } from '../../domain/progress.ts';
import { growingMap } from '../../domain/growing-map.ts';
import { nextHash, parseGenesis } from '../record.ts';
import { numberOf, textOf, type Row } from './rows.ts';

/** What of a task never changes. */
export interface TaskIdentity {
  /** Its number in this file. */
  readonly key: number;
  readonly genesis: Genesis;
  readonly genesisHash: string;
}

/** A task's progress at one place, and the `recordedAt` of the last event before it. */
export interface TaskState {
  readonly progress: TaskProgress;
  readonly recordedAt: number;
}

/** A task as its rows hold it. */
export interface StoredTask extends TaskIdentity, TaskState {
  readonly oldestSeq: number;
}

/** The task's row: a `StoredTask` without its components. */
export interface TaskCore extends TaskIdentity {
  readonly oldestSeq: number;
  readonly progress: Omit<TaskProgress, 'components'>;
  readonly recordedAt: number;
  readonly componentCount: number;
  readonly componentDigest: string;
}

/** The columns under the checksum, in its order, which is that of `encodeTask`. */
const CHECKED_COLUMNS = [
  'task',
  'task_id',
  'genesis_hash',
  'oldest_seq',
  'seq',
  'hash',
  'status',
  'stage',
  'started_at',
  'last_update',
  'overall',
  'display',
  'recorded_at',
  'component_count',
  'component_digest',
  'changed',
] as const;

export const TASK_COLUMNS = [...CHECKED_COLUMNS, 'checksum', 'genesis'] as const;
/** For a SELECT of all of them. */
export const TASK_ROW = TASK_COLUMNS.join(', ');

/** @throws StoreCorruptError: a genesis record is in no other place. */
export function decodeIdentity(row: Row): TaskIdentity {
  const record = textOf(row, 'genesis');
  const genesisHash = nextHash('', record);
  if (genesisHash !== row['genesis_hash'])
    throw new StoreCorruptError(`the first record of task ${String(row['task_id'])}`);
  return { key: numberOf(row, 'task'), genesis: parseGenesis(record), genesisHash };
}

/** Undefined when the row does not match its checksum. */
export function decodeCore(row: Row, identity: TaskIdentity): TaskCore | undefined {
  const values = CHECKED_COLUMNS.map((column) => row[column]);
  const { key, genesis, genesisHash } = identity;
  const isOurs = row['task_id'] === genesis.taskId && row['task'] === key;
  if (!isOurs || row['checksum'] !== checksum('task', values)) return undefined;
  return {
    key,
    genesis,
    genesisHash,
    oldestSeq: numberOf(row, 'oldest_seq'),
    recordedAt: numberOf(row, 'recorded_at'),
    componentCount: numberOf(row, 'component_count'),
    componentDigest: textOf(row, 'component_digest'),
    progress: {
      taskId: genesis.taskId,
      // Written by us, as the checksum shows: one of the words of the type.
      status: textOf(row, 'status') as TaskProgress['status'],
      stage: textOf(row, 'stage') as TaskProgress['stage'],
      startedAt: genesis.startedAt,
      lastUpdate: numberOf(row, 'last_update'),
      overallProgress: numberOf(row, 'overall'),
      displayProgress: numberOf(row, 'display'),
      seq: numberOf(row, 'seq'),
      hash: textOf(row, 'hash'),
    },
  };
}

/** The values of all columns of a task's row but `genesis`, in the order of `TASK_COLUMNS`. */
export function encodeTask(task: StoredTask, componentDigest: string, changed: number): readonly SQLInputValue[] {
  const { key, genesis, genesisHash, oldestSeq, progress, recordedAt } = task;
  const values = [
    key,
    genesis.taskId,
    genesisHash,
    oldestSeq,
    progress.seq,
    progress.hash,
    progress.status,
    progress.stage,
    progress.startedAt,
    progress.lastUpdate,
    progress.overallProgress,
    progress.displayProgress,
    recordedAt,
    progress.components.size,
    componentDigest,
    changed,
  ];
  return [...values, checksum('task', values)];
}

/** Room for the components of one task; `LIMITS.componentsPerTask` is far below. */
const PLACES = 65_536;

/** Where a task's components begin, and where those of the next do. */
export function componentPlaces(key: number): { readonly from: number; readonly to: number } {
  return { from: key * PLACES, to: (key + 1) * PLACES };
}

export function encodeComponent(component: ComponentProgress): string {
  return JSON.stringify(component);
}

export function componentChecksum(place: number, state: string): string {
  return checksum('component', [place, state]);
}

export const EMPTY_DIGEST = '0'.repeat(16);

/** Exclusive or of checksums: adds one to a digest, or takes it out again. */
export function mixDigest(...digests: readonly string[]): string {
  let high = 0;
  let low = 0;
  for (const digest of digests) {
    high ^= Number.parseInt(digest.slice(0, 8), 16);
    low ^= Number.parseInt(digest.slice(8), 16);
  }
  return hex(high) + hex(low);
}

function hex(half: number): string {
  return (half >>> 0).toString(16).padStart(8, '0');
}

/** By name, in the order of their places; undefined when they are not those that the task's row speaks of. */
export function decodeComponents(rows: readonly Row[], core: TaskCore): TaskProgress['components'] | undefined {
  const checksums = rows.map((row) => componentChecksum(numberOf(row, 'place'), textOf(row, 'state')));
  if (mixDigest(...checksums) !== core.componentDigest || rows.length !== core.componentCount) return undefined;
  return toComponents(rows.map((row) => JSON.parse(textOf(row, 'state')) as ComponentProgress));
}

export function encodeSnapshot({ progress, recordedAt }: TaskState): string {
  return JSON.stringify({ progress: { ...progress, components: [...progress.components.values()] }, recordedAt });
}

/** Undefined when the row does not match its checksum. */
export function decodeSnapshot(row: Row, key: number): TaskState | undefined {
  const state = textOf(row, 'state');
  if (row['checksum'] !== snapshotChecksum(key, numberOf(row, 'seq'), state)) return undefined;
  const { progress, recordedAt } = JSON.parse(state) as EncodedState;
  return { progress: { ...progress, components: toComponents(progress.components) }, recordedAt };
}

export function snapshotChecksum(key: number, seq: number, state: string): string {
  return checksum('snapshot', [key, seq, state]);
}

interface EncodedState {
  readonly progress: Omit<TaskProgress, 'components'> & { readonly components: readonly ComponentProgress[] };
  readonly recordedAt: number;
}

function toComponents(components: readonly ComponentProgress[]): TaskProgress['components'] {
  return growingMap(components.map((component) => [component.name, component]));
}

/** The kind is in it, so that a row of one table is none of another. */
function checksum(kind: string, values: readonly unknown[]): string {
  return nextHash(kind, JSON.stringify(values));
}
