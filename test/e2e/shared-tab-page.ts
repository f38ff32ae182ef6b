/** The page of `shared-tab.test.ts`: it watches the tasks that its address names, and writes down what it sees. */
import { watchTask } from '../../src/client/index.ts';
import { createSharedConnection, type SharedWorkerLike, type Sharing } from '../../src/client/shared-tab.ts';

declare const SharedWorker: new (url: string, options: object) => SharedWorkerLike;

/** What the test reads, as `globalThis.drumline`. */
export interface Seen {
  readonly isSecureContext: unknown;
  readonly sharing: Sharing;
  /** By task: the sequences, in the order in which they came. */
  readonly sequences: Readonly<Record<string, number[]>>;
  /** What ended a watch. */
  readonly errors: string[];
}

// `/?url=…&task=…&task=…`
const { searchParams } = new URL(String(Reflect.get(globalThis, 'location')));
const connection = createSharedConnection({
  url: searchParams.get('url') ?? '',
  worker: () => new SharedWorker('/worker.js', { type: 'module' }),
});
const sequences: Record<string, number[]> = {};
const errors: string[] = [];
const seen: Seen = {
  isSecureContext: Reflect.get(globalThis, 'isSecureContext'),
  get sharing() {
    return connection.sharing;
  },
  sequences,
  errors,
};
Reflect.set(globalThis, 'drumline', seen);

async function watch(taskId: string): Promise<void> {
  const list: number[] = [];
  sequences[taskId] = list;
  for await (const update of watchTask({ connection, taskId, replay: true, retryCapMs: 500 })) {
    if (update.__typename === 'TaskEventRecorded') list.push(update.event.sequence);
  }
}

for (const taskId of searchParams.getAll('task')) {
  watch(taskId).catch((error: unknown) => errors.push(String(error)));
}
