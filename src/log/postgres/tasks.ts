/**
 * Tasks as they are read from the tables, outside a transaction or in one. Stored states are a short cut: each is
 * checked against its checksum and the log, and one that is wrong is made again from the log. What cannot be made again
 * is refused.
 */
import { StoreCorruptError } from '../../domain/errors.ts';
import type { TaskEvent } from '../../domain/event.ts';
import { foldEvent, initialProgress, type TaskProgress } from '../../domain/progress.ts';
import type { EventPlace, ReadRange, TaskHead } from '../event-log.ts';
import { nextHash, parseEvent, type FoundEvent } from '../record.ts';
import { numberOf, textOf, type Row } from '../stored/rows.ts';
import {
  decodeComponents,
  decodeCore,
  decodeIdentity,
  decodeSnapshot,
  componentPlaces,
  type StoredTask,
  type TaskCore,
  type TaskIdentity,
  type TaskState,
} from '../stored/state.ts';
import type { Ask } from './connection.ts';
import { READ } from './statements.ts';
import { list } from './table-param.ts';

/** A place in a task's log: a sequence, and the running hash just after it. */
interface LogPlace {
  readonly seq: number;
  readonly hash: string;
}

export interface LoadedTask extends StoredTask {
  /** The running hash just before the oldest event kept. */
  readonly baseHash: string;
  /** Not below the id of any event of the task. */
  readonly lastEventId: string;
  /** True when its rows were wrong: they are to be written anew. */
  readonly healed: boolean;
}

/** Told of each stored state that had to be made again. */
export type OnDamage = (what: string, taskId: string) => void;

/** Events folded at a time, so that a long way to fold takes little memory. */
const FOLD_EVENTS = 500;

export async function loadTasks(
  ask: Ask,
  taskIds: readonly string[],
  onDamage: OnDamage,
): Promise<readonly LoadedTask[]> {
  const rows = await ask(READ.tasks, [list('text', taskIds)]);
  const tasks: LoadedTask[] = [];
  for (const row of rows) {
    const decoded = decodeTask(row, onDamage);
    tasks.push('healed' in decoded ? decoded : await rebuild(ask, decoded, onDamage));
  }
  return tasks;
}

/** A row that does not match its checksum or the log is only an identity. @throws StoreCorruptError */
export function decodeTask(row: Row, onDamage: OnDamage): LoadedTask | TaskIdentity {
  const identity = decodeIdentity(row);
  const core = decodeCore(row, identity);
  if (core === undefined || !isAtEnd(core, row)) {
    onDamage('the head', identity.genesis.taskId);
    return identity;
  }
  const components = decodeComponents(componentRows(row), core);
  if (components === undefined) {
    onDamage('the components', identity.genesis.taskId);
    return identity;
  }
  return {
    ...identity,
    oldestSeq: core.oldestSeq,
    recordedAt: core.recordedAt,
    progress: { ...core.progress, components },
    baseHash: textOf(row, 'base_hash'),
    lastEventId: textOf(row, 'last_event_id'),
    healed: false,
  };
}

/** What the contract shows of a task. */
export function toHead({ genesis, progress, oldestSeq }: TaskHead): TaskHead {
  return { genesis, progress, oldestSeq };
}

function componentRows(row: Row): readonly Row[] {
  const { from } = componentPlaces(numberOf(row, 'task'));
  const states = row['components'] === null ? [] : textOf(row, 'components').split('\n');
  return states.map((state, number) => ({ place: from + number, state }));
}

/** False when the row is not what was written last. @throws StoreCorruptError when the log ends before it. */
function isAtEnd({ genesis, oldestSeq, progress }: TaskCore, row: Row): boolean {
  const end =
    row['last_seq'] === null
      ? { seq: oldestSeq - 1, hash: row['base_hash'] }
      : { seq: numberOf(row, 'last_seq'), hash: row['last_hash'] };
  if (end.seq < progress.seq) {
    throw new StoreCorruptError(`the events of task ${genesis.taskId} after ${end.seq} are missing`);
  }
  return end.seq === progress.seq && end.hash === progress.hash;
}

/** From the log alone: first and last are those of the events that are there. */
async function rebuild(ask: Ask, identity: TaskIdentity, onDamage: OnDamage): Promise<LoadedTask> {
  const [ends = {}] = await ask(READ.ends, [identity.key]);
  const firstSeq = ends['first_seq'] === null ? undefined : numberOf(ends, 'first_seq');
  const place = firstSeq === undefined ? { floor: 0, seq: Number.MAX_SAFE_INTEGER } : exactly(firstSeq - 1);
  const base = firstSeq === 1 ? undefined : await snapshotIn(ask, identity, place, onDamage);
  const oldestSeq = firstSeq ?? (base?.progress.seq ?? 0) + 1;
  const seq = ends['last_seq'] === null ? oldestSeq - 1 : numberOf(ends, 'last_seq');
  const start = base ?? beginning(identity, oldestSeq);
  const state = await stateAt(ask, { ...identity, oldestSeq }, seq, onDamage);
  // Above every id: then each is looked for.
  return {
    ...identity,
    ...state,
    oldestSeq,
    baseHash: start.progress.hash,
    lastEventId: '~'.repeat(129),
    healed: true,
  };
}

function exactly(seq: number): { readonly floor: number; readonly seq: number } {
  return { floor: seq, seq };
}

export interface TaskBounds extends TaskIdentity {
  readonly oldestSeq: number;
}

/** `seq` must be a place that the task's log has. Several statements: in a transaction, or where nobody trims. */
export async function stateAt(ask: Ask, task: TaskBounds, seq: number, onDamage: OnDamage): Promise<TaskState> {
  const floor = task.oldestSeq - 1;
  let state = (await snapshotIn(ask, task, { floor, seq }, onDamage)) ?? beginning(task, task.oldestSeq);
  while (state.progress.seq < seq) {
    const from = state.progress;
    const through = Math.min(from.seq + FOLD_EVENTS, seq);
    const rows = await ask(READ.between, [task.key, from.seq, through]);
    const events = verifyEvents(rows, from, task.genesis.taskId);
    if (events.length !== through - from.seq) throw missing(task.genesis.taskId, from.seq + events.length + 1);
    state = {
      progress: events.reduce<TaskProgress>(foldEvent, from),
      recordedAt: events.at(-1)?.recordedAt ?? state.recordedAt,
    };
  }
  return state;
}

/** The latest stored state in those bounds that is whole and agrees with the log; going back past wrong ones. */
async function snapshotIn(
  ask: Ask,
  task: TaskIdentity,
  { floor, seq }: { readonly floor: number; readonly seq: number },
  onDamage: OnDamage,
): Promise<TaskState | undefined> {
  for (let through = seq; through >= floor;) {
    const [row] = await ask(READ.snapshot, [task.key, through, floor]);
    if (row === undefined) return undefined;
    const state = decodeSnapshot(row, task.key);
    const stored = row['event_hash'];
    if (state !== undefined && (stored === null || stored === state.progress.hash)) return state;
    onDamage(`the stored state at ${String(row['seq'])}`, task.genesis.taskId);
    through = Number(row['seq']) - 1;
  }
  return undefined;
}

function beginning({ genesis, genesisHash }: TaskIdentity, oldestSeq: number): TaskState {
  if (oldestSeq === 1) return { progress: initialProgress(genesis, genesisHash), recordedAt: genesis.createdAt };
  throw new StoreCorruptError(`the state of task ${genesis.taskId} at ${oldestSeq - 1}, where its log was trimmed`);
}

/** A page, in one statement and so of one moment. */
export async function readEvents(ask: Ask, taskId: string, { after, limit }: ReadRange): Promise<readonly TaskEvent[]> {
  const rows = await ask(READ.events, [taskId, after, limit]);
  const [first] = rows;
  if (first === undefined) return [];
  const start = Math.max(after, numberOf(first, 'oldest_seq') - 1);
  const isBase = start === numberOf(first, 'oldest_seq') - 1;
  const kept = rows.filter((row) => row['record'] !== null).slice(0, limit);
  const expected = Math.max(0, Math.min(limit, numberOf(first, 'head_seq') - start));
  if (expected > 0 && !isBase && first['seq'] !== start) throw missing(taskId, start);
  const hash = isBase ? textOf(first, 'base_hash') : String(first['hash']);
  const events = verifyEvents(kept, { seq: start, hash }, taskId);
  if (events.length < expected) throw missing(taskId, start + events.length + 1);
  return events;
}

/** Those of the places that are kept and have that hash. */
export async function readEventsAt(
  ask: Ask,
  places: readonly EventPlace[],
): Promise<readonly (TaskEvent | undefined)[]> {
  if (places.length === 0) return [];
  const rows = await ask(READ.at, [
    list(
      'text',
      places.map(({ taskId }) => taskId),
    ),
    list(
      'bigint',
      places.map(({ seq }) => seq),
    ),
  ]);
  const found = new Map(rows.map((row) => [`${textOf(row, 'task_id')} ${numberOf(row, 'seq')}`, row]));
  return places.map(({ taskId, seq, hash }) => {
    const row = found.get(`${taskId} ${seq}`);
    return row?.['hash'] === hash ? decodeWithPrevious(row) : undefined;
  });
}

function decodeWithPrevious(row: Row): TaskEvent | undefined {
  const place = { seq: numberOf(row, 'seq') - 1, hash: String(row['previous']) };
  const [event] = verifyEvents([row], place, textOf(row, 'task_id'));
  return event;
}

/** The event that a repetition repeats. */
export function decodeFound(row: Row): FoundEvent {
  const event = decodeWithPrevious(row);
  if (event === undefined || event.eventId !== row['event_id']) {
    throw new StoreCorruptError(`the event of id ${String(row['event_id'])}`);
  }
  return { event, hasOwnTime: row['own_time'] === true };
}

/** One at a time and in order: each must be the next, and carry the hash over itself and all before it. */
function verifyEvents(rows: readonly Row[], from: LogPlace, taskId: string): readonly TaskEvent[] {
  let { seq, hash } = from;
  return rows.map((row) => {
    seq += 1;
    const record = textOf(row, 'record');
    const previousHash = hash;
    hash = nextHash(previousHash, record);
    if (row['seq'] !== seq || row['hash'] !== hash) throw new StoreCorruptError(`event ${seq} of task ${taskId}`);
    const event = parseEvent({ record, hash, previousHash });
    if (event.seq !== seq || event.taskId !== taskId) throw new StoreCorruptError(`event ${seq} of task ${taskId}`);
    return event;
  });
}

function missing(taskId: string, seq: number): StoreCorruptError {
  return new StoreCorruptError(`event ${seq} of task ${taskId} is missing`);
}
