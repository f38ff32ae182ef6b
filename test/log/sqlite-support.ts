/** What the tests of the SQLite driver share: stores in a directory of the test, and processes that own one. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { NewEvent, TaskEvent } from '../../src/domain/event.ts';
import { foldEvent, initialProgress, type TaskProgress } from '../../src/domain/progress.ts';
import type { EventLog } from '../../src/log/event-log.ts';
import { genesisRecord, nextHash } from '../../src/log/record.ts';
import { settlesWithin, waitFor } from '../support/wait-for.ts';

const PROGRAM = fileURLToPath(new URL('./sqlite-process.ts', import.meta.url));

export function newEvent(facts: Partial<NewEvent> & Pick<NewEvent, 'eventId'>): NewEvent {
  return {
    taskId: 'task',
    eventType: 'progress_update',
    component: 'worker',
    stage: 'analysis',
    message: 'working',
    ...facts,
  };
}

/** `count` events with the ids `e<from>` …, of four components that make progress. */
export function newEvents(taskId: string, count: number, from = 1): readonly NewEvent[] {
  return Array.from({ length: count }, (_, index) => {
    const number = from + index;
    const component = `worker-${number % 4}`;
    return newEvent({
      taskId,
      eventId: `e${number}`,
      component,
      progress: (number % 8) / 8,
      message: `step ${number}`,
    });
  });
}

/** Change the file behind the log's back. */
export function tamper(path: string, sql: string): void {
  using db = new DatabaseSync(path);
  db.exec(sql);
}

/** The task's answers must be the fold of its events, from the first, with their chain whole. */
export async function expectWhole(log: EventLog, taskId: string): Promise<readonly TaskEvent[]> {
  const head = await log.head(taskId);
  if (head === undefined) throw new Error(`no task ${taskId}`);
  const events = await log.read(taskId, { after: 0, limit: 1_000_000 });
  const first = initialProgress(head.genesis, nextHash('', genesisRecord(head.genesis)));
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
  expect(head.progress).toEqual(events.reduce<TaskProgress>(foldEvent, first));
  return events;
}

export interface StoreProcess extends AsyncDisposable {
  readonly lines: readonly string[];
  /** Resolves with the first line that begins so. */
  line(start: string): Promise<string>;
  /** Resolves when it has ended and every line was read. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Ask it to finish, and wait until it has. */
  finish(): Promise<void>;
}

export interface StoreProcessOptions {
  readonly mode: 'hold' | 'append' | 'append-one';
  readonly path: string;
  /** What the ids of its events begin with. */
  readonly prefix?: string;
  /** A program, with its arguments, to run it under. */
  readonly under?: readonly string[];
  readonly uid?: number;
}

export function startStoreProcess({ mode, path, prefix = 'p', under = [], uid }: StoreProcessOptions): StoreProcess {
  const [program, ...args] = [...under, process.execPath, PROGRAM, mode, path, prefix];
  const owner = uid === undefined ? {} : { uid, gid: uid };
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'], ...owner });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  // Close, not exit: by then every line was read.
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const end = (): Promise<void> => settlesWithin(closed, { withinMs: 20_000, what: 'the process to end' });
  return {
    lines,
    line: (start) =>
      waitFor(() => lines.find((line) => line.startsWith(start)), { withinMs: 20_000, what: `the line ${start}` }),
    async kill(signal) {
      child.kill(signal);
      await end();
    },
    async finish() {
      child.stdin.end();
      await end();
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await end();
    },
  };
}
