/**
 * Group commit: whatever waits goes into one transaction. The rows of its tasks are locked, in the order of their ids
 * so that two servers never wait for each other; numbers, hashes and folds are worked out here under that lock. What is
 * to be written goes out while the rest is worked out, the commit last. What is refused is refused alone.
 */
import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { NewEvent } from '../../domain/event.ts';
import type { AppendResult, InitTaskResult, NewTask } from '../event-log.ts';
import { planAppend, planTask, type AppendLookups, type PlannedEvent, type PlannedTask } from '../plan-append.ts';
import { numberOf, textOf, type Row } from '../stored/rows.ts';
import { encodeSnapshot, snapshotChecksum } from '../stored/state.ts';
import type { Ask } from './connection.ts';
import { OutdatedError } from './errors.ts';
import {
  advance,
  beginTask,
  hold,
  isStill,
  refresh,
  takeComponents,
  taskRow,
  createHeadCache,
  type HeldTask,
} from './heads.ts';
import type { GroupWriter, LaneRequest, Outcome } from './request.ts';
import { BLOCK_TASKS } from './schema.ts';
import { COLUMNS, WRITE } from './statements.ts';
import { columnsOf, list, type Cell } from './table-param.ts';
import { decodeFound, loadTasks, toHead, type OnDamage } from './tasks.ts';

export type WriteCommand =
  | { readonly kind: 'append'; readonly batch: readonly NewEvent[] }
  | { readonly kind: 'initTask'; readonly task: NewTask };

export type WriteResult = readonly AppendResult[] | InitTaskResult;

export interface GroupDeps {
  readonly snapshotEvery: number;
  /** Left out: the database's clock. */
  readonly now: (() => number) | undefined;
  readonly onDamage: OnDamage;
}

type Member = LaneRequest<WriteCommand, WriteResult>;

/** So many go out before the others are worked out: the database writes the former meanwhile. */
const SEND_EVENTS = 200;

export function createTaskWriter({ snapshotEvery, now, onDamage }: GroupDeps): GroupWriter<WriteCommand, WriteResult> {
  const cache = createHeadCache();
  /** Numbers for new tasks that are left of the block. */
  let nextKey = 0;
  let endOfBlock = 0;

  /** Locks the tasks. What is remembered of them is checked, the rest is loaded. */
  async function open(ask: Ask, group: readonly Member[]): Promise<OpenTransaction> {
    const taskIds = [...new Set(group.flatMap((member) => member.taskIds))].toSorted();
    const ids = idsOf(group);
    const asked = ids.filter(({ taskId, eventId }) => eventId <= (cache.get(taskId)?.lastEventId ?? '~'));
    const mayBegin = taskIds.filter((taskId) => cache.get(taskId) === undefined);
    const reserved = reserve(mayBegin.length);
    const [, , clock, block, locked, found] = await Promise.all([
      ask(WRITE.begin),
      mayBegin.length > 0 ? ask(WRITE.claimNew, [list('text', mayBegin)]) : undefined,
      now === undefined ? ask(WRITE.now) : undefined,
      reserved === undefined ? ask(WRITE.block) : undefined,
      ask(WRITE.lock, [list('text', taskIds)]),
      asked.length > 0 ? find(ask, asked) : [],
    ]);
    const keys = reserved ?? reserveIn(numberOf(block?.[0] ?? {}, 'block'), mayBegin.length);
    const tasks = await holdAll(ask, locked);
    const isNew = new Set(mayBegin);
    // An older copy that does not have it took the database's place: it has to be begun again, with all that takes.
    const gone = taskIds.find((taskId) => !isNew.has(taskId) && !tasks.has(taskId));
    if (gone !== undefined) throw new OutdatedError(`task ${gone} is not there any more`);
    // Ids that another server has passed since.
    const isAsked = new Set(asked);
    const late = ids.filter((id) => !isAsked.has(id) && id.eventId <= (tasks.get(id.taskId)?.lastEventId ?? ''));
    for (const row of [...found, ...(late.length > 0 ? await find(ask, late) : [])]) {
      tasks.get(textOf(row, 'task_id'))?.known.set(textOf(row, 'event_id'), decodeFound(row));
    }
    return { tasks, keys, now: clock === undefined ? (now?.() ?? 0) : numberOf(clock[0] ?? {}, 'now') };
  }

  /** Numbers that no other transaction takes, neither here nor elsewhere; undefined when a new block is needed. */
  function reserve(count: number): number[] | undefined {
    if (endOfBlock - nextKey < count) return undefined;
    nextKey += count;
    return Array.from({ length: count }, (_, index) => nextKey - 1 - index);
  }

  function reserveIn(block: number, count: number): number[] {
    nextKey = block * BLOCK_TASKS;
    endOfBlock = nextKey + BLOCK_TASKS;
    return reserve(count) ?? [];
  }

  async function holdAll(ask: Ask, locked: readonly Row[]): Promise<Map<string, HeldTask>> {
    const tasks = new Map<string, HeldTask>();
    const unknown: string[] = [];
    for (const row of locked) {
      const taskId = textOf(row, 'task_id');
      const held = cache.get(taskId);
      if (held !== undefined && isStill(held, row)) {
        refresh(held, row);
        tasks.set(taskId, held);
      } else {
        unknown.push(taskId);
      }
    }
    const loaded = unknown.length > 0 ? await loadTasks(ask, unknown, onDamage) : [];
    for (const task of loaded) tasks.set(task.genesis.taskId, hold(task));
    return tasks;
  }

  function begin({ tasks, keys }: OpenTransaction, planned: PlannedTask): void {
    const key = keys.pop();
    if (key === undefined) throw new Error(`No number is left for task ${planned.head.genesis.taskId}`);
    tasks.set(planned.head.genesis.taskId, beginTask(planned, key));
  }

  function append(batch: readonly NewEvent[], transaction: OpenTransaction, rows: NewRows): readonly AppendResult[] {
    const { tasks } = transaction;
    const lookups: AppendLookups = {
      head: (taskId) => tasks.get(taskId),
      lastRecordedAt: (taskId) => tasks.get(taskId)?.recordedAt,
      findEvent: (taskId, eventId) => tasks.get(taskId)?.known.get(eventId),
    };
    const plan = planAppend(batch, lookups, transaction.now, randomUUID);
    for (const task of plan.newTasks) begin(transaction, task);
    for (const planned of plan.newEvents) {
      const task = tasks.get(planned.event.taskId);
      if (task === undefined) throw new Error(`Planned without its task: ${planned.event.taskId}`);
      advance(task, planned.progress, { event: planned.event, hasOwnTime: planned.hasOwnTime });
      rows.events.push(eventRow(task, planned));
      if (planned.event.seq % snapshotEvery === 0) rows.snapshots.push(snapshotRow(task));
    }
    return plan.results;
  }

  function execute(command: WriteCommand, transaction: OpenTransaction, rows: NewRows): WriteResult {
    if (command.kind === 'append') return append(command.batch, transaction, rows);
    const known = transaction.tasks.get(command.task.taskId);
    if (known !== undefined) return { head: toHead(known), created: false };
    const planned = planTask(command.task, transaction.now, randomUUID());
    begin(transaction, planned);
    return { head: planned.head, created: true };
  }

  return {
    async write(ask, group, onSend) {
      const transaction = await open(ask, group);
      const rows: NewRows = { events: [], snapshots: [] };
      const outcomes = new Map<Member, Outcome<WriteResult>>();
      const members = group.filter((member) => !member.isOver);
      const sent: Promise<unknown>[] = [];
      let failure: { readonly error: unknown } | undefined;
      for (const member of members) {
        const outcome = attempt(() => execute(member.command, transaction, rows));
        outcomes.set(member, outcome);
        if (rows.events.length < SEND_EVENTS) continue;
        const inserted = insertEvents(ask, rows.events.splice(0));
        inserted.catch((error: unknown) => (failure ??= { error }));
        sent.push(inserted);
        await setImmediate();
      }
      // Known before the commit is on its way, so surely not stored.
      if (failure !== undefined) throw failure.error;
      // Told meanwhile that nothing of it is stored: the rest is written again without it.
      if (members.some(({ isOver }) => isOver)) throw new OutdatedError('a caller of the group was answered');
      onSend(members);
      await Promise.all([...sent, ...send(ask, transaction.tasks, rows), ask('COMMIT')]);
      for (const task of transaction.tasks.values()) cache.keep(task);
      return outcomes;
    },
    forget(taskIds) {
      cache.forget(taskIds);
      // An older copy of the database may give the rest of the block to another server.
      endOfBlock = nextKey;
    },
  };
}

interface OpenTransaction {
  /** As they stand: locked, or begun in it. */
  readonly tasks: Map<string, HeldTask>;
  /** Numbers for tasks that it begins. */
  readonly keys: number[];
  readonly now: number;
}

interface NewRows {
  readonly events: Record<(typeof COLUMNS.event)[number]['name'], Cell>[];
  readonly snapshots: Record<(typeof COLUMNS.snapshot)[number]['name'], Cell>[];
}

interface EventName {
  readonly taskId: string;
  readonly eventId: string;
}

function idsOf(group: readonly Member[]): readonly EventName[] {
  return group.flatMap(({ command }) => (command.kind === 'append' ? command.batch : []));
}

function find(ask: Ask, ids: readonly EventName[]): Promise<readonly Row[]> {
  const values = [
    list(
      'text',
      ids.map(({ taskId }) => taskId),
    ),
    list(
      'text',
      ids.map(({ eventId }) => eventId),
    ),
  ];
  return ask(WRITE.find, values);
}

function send(ask: Ask, tasks: ReadonlyMap<string, HeldTask>, rows: NewRows): readonly Promise<unknown>[] {
  const changed = [...tasks.values()].filter(({ isChanged, newRecord }) => isChanged || newRecord !== undefined);
  const components = changed.flatMap(takeComponents);
  const begun = changed.filter(({ newRecord }) => newRecord !== undefined);
  const known = changed.filter(({ newRecord }) => newRecord === undefined);
  return [
    // Two servers that begin the same tasks meet here, so in the order of their ids as well.
    ...(begun.length > 0 ? [ask(WRITE.insertTasks, columnsOf(COLUMNS.task, begun.toSorted(byId).map(taskRow)))] : []),
    ...(rows.events.length > 0 ? [insertEvents(ask, rows.events)] : []),
    ...known.filter(({ isWrong }) => isWrong).map(({ key }) => ask(WRITE.dropComponents, [key])),
    ...(components.length > 0 ? [ask(WRITE.putComponents, columnsOf(COLUMNS.component, components))] : []),
    ...(known.length > 0 ? [ask(WRITE.updateTasks, columnsOf(COLUMNS.head, known.map(taskRow)))] : []),
    ...(rows.snapshots.length > 0 ? [ask(WRITE.putSnapshots, columnsOf(COLUMNS.snapshot, rows.snapshots))] : []),
  ];
}

function insertEvents(ask: Ask, events: NewRows['events']): Promise<unknown> {
  return ask(WRITE.insertEvents, columnsOf(COLUMNS.event, events));
}

function eventRow({ key }: HeldTask, { event, hasOwnTime, record }: PlannedEvent): NewRows['events'][number] {
  return { task: key, seq: event.seq, hash: event.hash, event_id: event.eventId, own_time: hasOwnTime, record };
}

function snapshotRow(task: HeldTask): NewRows['snapshots'][number] {
  const { seq } = task.progress;
  const state = encodeSnapshot(task);
  return { task: task.key, seq, checksum: snapshotChecksum(task.key, seq, state), state };
}

function byId(one: HeldTask, other: HeldTask): number {
  return one.genesis.taskId < other.genesis.taskId ? -1 : 1;
}

/** What is refused, and what fails for one alone: nothing of it is written. */
function attempt(execute: () => WriteResult): Outcome<WriteResult> {
  try {
    return { result: execute() };
  } catch (error) {
    return { error };
  }
}
