/**
 * Tasks as they are read from the file, by either thread. Stored states are a short cut: each is checked against its
 * checksum and the log, and one that is wrong is made again from the log. What cannot be made again is refused.
 */
import type { DatabaseSync } from 'node:sqlite';
import { StoreCorruptError } from '../../domain/errors.ts';
import type { TaskEvent } from '../../domain/event.ts';
import { foldEvent, initialProgress, type TaskProgress } from '../../domain/progress.ts';
import type { EventPlace, ReadRange, TaskHead } from '../event-log.ts';
import { createEventRows, type LogPlace, type StoredEvent } from './events.ts';
import { numberOf, type Row } from '../stored/rows.ts';
import {
  componentPlaces,
  decodeComponents,
  decodeCore,
  decodeIdentity,
  decodeSnapshot,
  TASK_ROW,
  type StoredTask,
  type TaskCore,
  type TaskIdentity,
  type TaskState,
} from '../stored/state.ts';

/** What reading a task's log needs to know of it. */
export interface TaskBounds extends TaskIdentity {
  readonly oldestSeq: number;
  readonly progress: LogPlace;
}

export interface TaskRows {
  /** Without its components: one row, and a look at the log's end. */
  bounds(taskId: string): TaskBounds | undefined;
  load(taskId: string): LoadedTask | undefined;
  /** From its row in a list; undefined when it is not one of those asked for, judged without its components. */
  loadRow(row: Row, isAskedFor: (head: TaskHead) => boolean): LoadedTask | undefined;
  events(task: TaskBounds, range: ReadRange): readonly TaskEvent[];
  /** `seq` must be a place that the task's log has. */
  stateAt(task: TaskBounds, seq: number): TaskState;
  /** Undefined when it is not kept, or has another hash. */
  eventAt(place: EventPlace): TaskEvent | undefined;
  findEvent(task: TaskBounds, eventId: string): StoredEvent | undefined;
  /** Not below the id of any event of the task. */
  lastEventId(task: TaskIdentity): string | undefined;
}

export interface LoadedTask extends StoredTask {
  /** True when its rows were wrong: they are to be written anew. */
  readonly healed: boolean;
}

export const TASK_SQL = {
  byId: `SELECT ${TASK_ROW} FROM task WHERE task_id = ?`,
  keyOf: 'SELECT task FROM task WHERE task_id = ?',
  components: 'SELECT place, state FROM component WHERE place >= ? AND place < ? ORDER BY place',
  snapshots:
    'SELECT seq, checksum, state FROM snapshot WHERE task = ? AND seq <= ? AND seq >= ? ORDER BY seq DESC LIMIT 1',
} as const;

/** Events folded at a time, so that a long way to fold takes little memory. */
const FOLD_EVENTS = 500;

/** @param onDamage is told of each stored state that had to be made again. */
export function createTaskRows(db: DatabaseSync, onDamage: (what: string, taskId: string) => void): TaskRows {
  const byId = db.prepare(TASK_SQL.byId);
  const keyOf = db.prepare(TASK_SQL.keyOf);
  const componentRows = db.prepare(TASK_SQL.components);
  const snapshots = db.prepare(TASK_SQL.snapshots);
  const eventRows = createEventRows(db);

  function bounds(taskId: string): TaskBounds | undefined {
    const row = byId.get(taskId);
    if (row === undefined) return undefined;
    const identity = identify(row, taskId);
    const core = decodeCore(row, identity);
    return isAtEnd(core, identity) ? core : rebuild(identity);
  }

  function load(taskId: string): LoadedTask | undefined {
    const row = byId.get(taskId);
    return row === undefined ? undefined : loadRow(row, identify(row, taskId));
  }

  function loadRow(row: Row, identity: TaskIdentity, isAskedFor?: (head: TaskHead) => boolean): LoadedTask | undefined {
    const core = decodeCore(row, identity);
    // Judged first: a list passes many that are not asked for.
    if (core !== undefined && isAskedFor?.(withComponents(core, new Map())) === false) return undefined;
    const task = isAtEnd(core, identity) ? readComponents(core) : undefined;
    if (task !== undefined) return task;
    const rebuilt = rebuild(identity);
    return isAskedFor?.(rebuilt) === false ? undefined : rebuilt;
  }

  function readComponents(core: TaskCore): LoadedTask | undefined {
    const { from, to } = componentPlaces(core.key);
    const components = decodeComponents(componentRows.all(from, to), core);
    if (components !== undefined) return withComponents(core, components);
    onDamage('the components', core.genesis.taskId);
    return undefined;
  }

  /** False when the row is not what was written last. @throws StoreCorruptError when the log ends before it. */
  function isAtEnd(core: TaskCore | undefined, { genesis }: TaskIdentity): core is TaskCore {
    if (core !== undefined) {
      const { seq, hash } = core.progress;
      const end = eventRows.last(core.key) ?? { seq: core.oldestSeq - 1, hash };
      if (end.seq === seq && end.hash === hash) return true;
      if (end.seq < seq)
        throw new StoreCorruptError(`the events of task ${genesis.taskId} after ${end.seq} are missing`);
    }
    onDamage('the head', genesis.taskId);
    return false;
  }

  /** From the log alone: first and last are those of the events that are there. */
  function rebuild(identity: TaskIdentity): LoadedTask {
    const first = eventRows.firstSeq(identity.key);
    const last = eventRows.last(identity.key);
    const base = first === undefined ? snapshotIn(identity, 0, Number.MAX_SAFE_INTEGER) : undefined;
    const oldestSeq = first ?? (base?.progress.seq ?? 0) + 1;
    const end = last ?? base?.progress ?? { seq: 0, hash: identity.genesisHash };
    const state = stateAt({ ...identity, oldestSeq, progress: end }, end.seq);
    return { ...identity, ...state, oldestSeq, healed: true };
  }

  function stateAt(task: TaskBounds, seq: number): TaskState {
    const floor = task.oldestSeq - 1;
    let state = snapshotIn(task, floor, seq) ?? beginning(task);
    while (state.progress.seq < seq) {
      const through = Math.min(state.progress.seq + FOLD_EVENTS, seq);
      const events = eventRows.between(task, state.progress, through);
      state = {
        progress: events.reduce<TaskProgress>(foldEvent, state.progress),
        recordedAt: events.at(-1)?.recordedAt ?? state.recordedAt,
      };
    }
    return state;
  }

  /** The latest stored state in those bounds that is whole and agrees with the log; going back past wrong ones. */
  function snapshotIn(task: TaskIdentity, floor: number, seq: number): TaskState | undefined {
    for (let through = seq; through >= floor;) {
      const row = snapshots.get(task.key, through, floor);
      if (row === undefined) return undefined;
      const state = decodeSnapshot(row, task.key);
      const stored = state && eventRows.hashAt(task.key, state.progress.seq);
      if (state !== undefined && (stored === undefined || stored === state.progress.hash)) return state;
      onDamage(`the stored state at ${String(row['seq'])}`, task.genesis.taskId);
      through = Number(row['seq']) - 1;
    }
    return undefined;
  }

  function beginning(task: TaskBounds): TaskState {
    if (task.oldestSeq === 1) {
      return { progress: initialProgress(task.genesis, task.genesisHash), recordedAt: task.genesis.createdAt };
    }
    const what = `the state of task ${task.genesis.taskId} at ${task.oldestSeq - 1}, where its log was trimmed`;
    throw new StoreCorruptError(what);
  }

  /** Where a stretch of kept events begins. @throws StoreCorruptError when the log does not have that place. */
  function placeAt(task: TaskBounds, seq: number): LogPlace {
    if (seq === task.oldestSeq - 1) return (snapshotIn(task, seq, seq) ?? beginning(task)).progress;
    const hash = eventRows.hashAt(task.key, seq);
    if (hash === undefined) throw new StoreCorruptError(`event ${seq} of task ${task.genesis.taskId} is missing`);
    return { seq, hash };
  }

  function events(task: TaskBounds, { after, limit }: ReadRange): readonly TaskEvent[] {
    const start = Math.max(after, task.oldestSeq - 1);
    const through = Math.min(start + limit, task.progress.seq);
    return start < through ? eventRows.between(task, placeAt(task, start), through) : [];
  }

  function eventAt({ taskId, seq, hash }: EventPlace): TaskEvent | undefined {
    const row = keyOf.get(taskId);
    const found = row === undefined ? undefined : eventRows.at(numberOf(row, 'task'), { seq, hash });
    if (found !== undefined || row === undefined) return found;
    // The first that is kept, or one that is not there or not as it should be: that is told with more care.
    const task = bounds(taskId);
    const [event] = task === undefined ? [] : events(task, { after: seq - 1, limit: 1 });
    return event?.hash === hash ? event : undefined;
  }

  return {
    bounds,
    load,
    loadRow: (row, isAskedFor) => loadRow(row, decodeIdentity(row), isAskedFor),
    stateAt,
    events,
    eventAt,
    lastEventId: ({ key }) => eventRows.lastId(key),
    findEvent: (task, eventId) => eventRows.find(task, eventId, (seq) => placeAt(task, seq)),
  };
}

/** What the contract shows of a task. */
export function toHead({ genesis, progress, oldestSeq }: TaskHead): TaskHead {
  return { genesis, progress, oldestSeq };
}

function withComponents(core: TaskCore, components: TaskProgress['components']): LoadedTask {
  const { key, genesis, genesisHash, oldestSeq, recordedAt, progress } = core;
  return { key, genesis, genesisHash, oldestSeq, recordedAt, progress: { ...progress, components }, healed: false };
}

function identify(row: Row, taskId: string): TaskIdentity {
  const identity = decodeIdentity(row);
  if (identity.genesis.taskId !== taskId) throw new StoreCorruptError(`the row of task ${taskId}`);
  return identity;
}
