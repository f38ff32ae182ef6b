/**
 * The log in memory: a real driver, for tests, embedders and trying things out. It keeps every promise of the
 * contract but durability: what it holds is gone with the process.
 */
import { randomUUID } from 'node:crypto';
import type { Cursor } from '../domain/cursor.ts';
import type { NewEvent, TaskEvent } from '../domain/event.ts';
import { StoreUnavailableError } from '../domain/errors.ts';
import { foldEvent, type TaskProgress } from '../domain/progress.ts';
import type { AppendResult, EventLog, InitTaskResult, NewTask, ReadRange, TaskHead, TaskQuery } from './event-log.ts';
import { createChanges } from './changes.ts';
import { createMemoryObservations, type ObservationStore } from './memory-observations.ts';
import { planAppend, planTask } from './plan-append.ts';
import { ownInput, type FoundEvent } from './record.ts';
import { comparePlaces, compareUpdates, isAfterPlace, matchesTask } from '../domain/task.ts';

export interface MemoryLogOptions {
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** Every so many events the state is kept, so that the state at any place is cheap. */
  readonly snapshotEvery?: number;
}

interface TaskLog {
  head: TaskHead;
  /** Before the first event still kept. */
  base: TaskProgress;
  readonly events: TaskEvent[];
  readonly byEventId: Map<string, FoundEvent>;
  /** Not below any id that it has or had: a greater one is new. */
  lastEventId: string;
  readonly snapshots: Map<number, TaskProgress>;
  lastRecordedAt: number;
}

interface Change {
  readonly taskId: string;
  readonly count: number;
}

/** Changes that may wait to be cleared, so that it is done seldom. */
const SPARE_CHANGES = 1_000;

export function openMemoryLog({ now = Date.now, snapshotEvery = 1_000 }: MemoryLogOptions = {}): EventLog {
  const tasks = new Map<string, TaskLog>();
  const lastChange = new Map<string, number>();
  /** In order, the latest last; one that a later change of its task took over is passed over, and cleared in time. */
  let changeList: Change[] = [];
  const changes = createChanges({ last: () => changeCount, after: changesAfter });
  const observations: ObservationStore = createMemoryObservations(now);
  let changeCount = 0;
  let isOpen = true;

  function noteChange(taskId: string): void {
    changeCount += 1;
    lastChange.set(taskId, changeCount);
    changeList.push({ taskId, count: changeCount });
    if (changeList.length > 2 * lastChange.size + SPARE_CHANGES) changeList = changeList.filter(isLatest);
  }

  function isLatest({ taskId, count }: Change): boolean {
    return lastChange.get(taskId) === count;
  }

  function begin(head: TaskHead): TaskLog {
    const task = emptyTask(head);
    tasks.set(head.genesis.taskId, task);
    noteChange(head.genesis.taskId);
    return task;
  }

  /** Every call goes through here: a disposed log refuses, and what throws rejects. */
  async function whileOpen<Result>(operation: () => Result): Promise<Result> {
    if (!isOpen) throw new StoreUnavailableError('FAILED');
    return operation();
  }

  function initTask(input: NewTask): InitTaskResult {
    const known = tasks.get(input.taskId);
    if (known !== undefined) return { head: known.head, created: false };
    return { head: begin(planTask(input, now(), randomUUID()).head).head, created: true };
  }

  function append(batch: readonly NewEvent[]): readonly AppendResult[] {
    const lookups = {
      head: (taskId: string) => tasks.get(taskId)?.head,
      lastRecordedAt: (taskId: string) => tasks.get(taskId)?.lastRecordedAt,
      findEvent(taskId: string, eventId: string) {
        const task = tasks.get(taskId);
        return task === undefined || eventId > task.lastEventId ? undefined : task.byEventId.get(eventId);
      },
    };
    const plan = planAppend(batch.map(ownInput), lookups, now(), randomUUID);
    for (const { head } of plan.newTasks) begin(head);
    for (const planned of plan.newEvents) {
      const task = known(planned.event.taskId);
      task.events.push(planned.event);
      // Without the rest of the plan, which holds a state and a text for each event.
      task.byEventId.set(planned.event.eventId, { event: planned.event, hasOwnTime: planned.hasOwnTime });
      if (planned.event.eventId > task.lastEventId) task.lastEventId = planned.event.eventId;
      task.lastRecordedAt = planned.event.recordedAt;
      if (planned.event.seq % snapshotEvery === 0) task.snapshots.set(planned.event.seq, planned.progress);
    }
    for (const [taskId, head] of plan.heads) {
      known(taskId).head = head;
      noteChange(taskId);
    }
    return plan.results;
  }

  function known(taskId: string): TaskLog {
    const task = tasks.get(taskId);
    if (task === undefined) throw new Error(`Planned without its task: ${taskId}`);
    return task;
  }

  function progressAt(taskId: string, seq: number): TaskProgress | undefined {
    const task = tasks.get(taskId);
    if (task === undefined || seq > task.head.progress.seq || seq < task.base.seq) return undefined;
    if (seq === task.head.progress.seq) return task.head.progress;
    let progress = task.snapshots.get(Math.floor(seq / snapshotEvery) * snapshotEvery) ?? task.base;
    for (const event of eventsAfter(task, progress.seq, seq - progress.seq)) progress = foldEvent(progress, event);
    return progress;
  }

  function changesAfter(count: number, limit: number): readonly Change[] {
    const start = changeList.findLastIndex((change) => change.count <= count) + 1;
    return changeList.slice(start).filter(isLatest).slice(0, limit);
  }

  function trim(taskId: string, through: number): void {
    const task = tasks.get(taskId);
    const base = progressAt(taskId, through);
    if (task === undefined || base === undefined) return;
    for (const event of task.events.splice(0, through - task.base.seq)) task.byEventId.delete(event.eventId);
    for (const seq of task.snapshots.keys()) if (seq <= through) task.snapshots.delete(seq);
    task.base = base;
    task.head = { ...task.head, oldestSeq: through + 1 };
    noteChange(taskId);
  }

  function remove(taskId: string, ifAt: Cursor | undefined): boolean {
    const hash = tasks.get(taskId)?.head.progress.hash;
    if (hash === undefined || (ifAt !== undefined && ifAt.hash !== hash)) return false;
    tasks.delete(taskId);
    lastChange.delete(taskId);
    changes.noteDeleted(taskId);
    return true;
  }

  return {
    traits: { durable: 'process', exclusive: true },
    ready: () => whileOpen(() => undefined),
    initTask: (input) => whileOpen(() => initTask(input)),
    append: (batch) => whileOpen(() => append(batch)),
    head: (taskId) => whileOpen(() => tasks.get(taskId)?.head),
    progressAt: (taskId, seq) => whileOpen(() => progressAt(taskId, seq)),
    read: (taskId, range) => whileOpen(() => readEvents(tasks.get(taskId), range)),
    eventsAt: (places) => whileOpen(() => places.map((place) => eventAt(tasks.get(place.taskId), place))),
    tasks: (query) => whileOpen(() => listTasks(tasks.values(), query)),
    changes: (query) => whileOpen(() => changes.read(query)),
    trim: (taskId, through) => whileOpen(() => trim(taskId, through)),
    delete: (taskId, ifAt) => whileOpen(() => remove(taskId, ifAt)),
    publishObservation: (input) => whileOpen(() => observations.publish(input)),
    readObservations: (range) => whileOpen(() => observations.read(range)),
    observationPlace: (seq) => whileOpen(() => observations.place(seq)),
    async [Symbol.asyncDispose]() {
      isOpen = false;
    },
  };
}

function emptyTask(head: TaskHead): TaskLog {
  return {
    head,
    base: head.progress,
    events: [],
    byEventId: new Map(),
    lastEventId: '',
    snapshots: new Map(),
    lastRecordedAt: head.genesis.createdAt,
  };
}

function readEvents(task: TaskLog | undefined, { after, limit }: ReadRange): readonly TaskEvent[] {
  return task === undefined ? [] : eventsAfter(task, after, limit);
}

function eventAt(task: TaskLog | undefined, { seq, hash }: Cursor): TaskEvent | undefined {
  const event = task?.events[seq - 1 - task.base.seq];
  return event?.hash === hash ? event : undefined;
}

function eventsAfter(task: TaskLog, after: number, limit: number): readonly TaskEvent[] {
  const start = Math.max(0, after - task.base.seq);
  return task.events.slice(start, start + limit);
}

function listTasks(tasks: Iterable<TaskLog>, query: TaskQuery): readonly TaskHead[] {
  const { after, order = 'started', limit } = query;
  return [...tasks]
    .map((task) => task.head)
    .filter((head) => matchesTask(head, query) && (after === undefined || isAfterPlace(head, after)))
    .toSorted(order === 'started' ? comparePlaces : compareUpdates)
    .slice(0, limit);
}
