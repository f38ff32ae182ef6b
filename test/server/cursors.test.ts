/** One table of cursors, and the same answers whatever the log and whatever the transport. */
import { cp, mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dataOf, startApp, type AnswerError, type TestApp, type Variables } from '../support/app.ts';
import { openTempDir } from '../support/temp-dir.ts';

const WATCH = `subscription ($taskId: ID!, $after: String) {
  taskUpdates(taskId: $taskId, after: $after) {
    __typename progress { sequence overallProgress } ... on TaskGap { reason }
  }
}`;

interface Result {
  readonly data?: {
    readonly taskUpdates: {
      readonly __typename: string;
      readonly reason?: string;
      readonly progress: { readonly sequence: number; readonly overallProgress: number };
    };
  };
  readonly errors?: readonly AnswerError[];
}

/** A server whose store can be copied, put back, and lost. */
interface World extends AsyncDisposable {
  readonly app: TestApp;
  emit(patch: Variables): Promise<string>;
  /** Copy the store as it is now. */
  save(): Promise<void>;
  /** Stop, put the copy in the store's place, start. */
  restore(): Promise<void>;
  /** Stop, delete the store, start. */
  recreate(): Promise<void>;
}

async function openSqliteWorld(): Promise<World> {
  const directory = await openTempDir();
  const live = path.join(directory.path, 'live');
  const copy = path.join(directory.path, 'copy');
  await mkdir(live);
  const start = (): Promise<TestApp> => startApp({ store: `sqlite:${path.join(live, 'drumline.db')}` });
  let app = await start();
  const whileStopped = async (work: () => Promise<void>): Promise<void> => {
    await app[Symbol.asyncDispose]();
    await work();
    app = await start();
  };
  return {
    get app() {
      return app;
    },
    emit: (patch) => app.emit(patch),
    save: () => whileStopped(() => cp(live, copy, { recursive: true, force: true })),
    restore: () =>
      whileStopped(async () => {
        await rm(live, { recursive: true });
        await cp(copy, live, { recursive: true });
      }),
    recreate: () =>
      whileStopped(async () => {
        await rm(live, { recursive: true });
        await mkdir(live);
      }),
    async [Symbol.asyncDispose]() {
      await app[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** A log in memory cannot be copied; the nearest thing is another one, into which the same was emitted. */
async function openMemoryWorld(): Promise<World> {
  let app = await startApp();
  let emitted: Variables[] = [];
  let saved: readonly Variables[] = [];
  const emit = (patch: Variables): Promise<string> => {
    emitted.push(patch);
    return app.emit(patch);
  };
  const startWith = async (patches: readonly Variables[]): Promise<void> => {
    await app[Symbol.asyncDispose]();
    app = await startApp();
    emitted = [];
    for (const patch of patches) await emit(patch);
  };
  return {
    get app() {
      return app;
    },
    emit,
    async save() {
      saved = [...emitted];
    },
    restore: () => startWith(saved),
    recreate: () => startWith([]),
    [Symbol.asyncDispose]: () => app[Symbol.asyncDispose](),
  };
}

interface Watching {
  readonly taskId: string;
  readonly cursor: string;
  readonly count: number;
  /** Called when the first step is there. */
  readonly onFirst?: (() => Promise<unknown>) | undefined;
}

/** What came first of a stream, in words: as many steps as are asked for, or up to its end. */
type Watch = (app: TestApp, watching: Watching) => Promise<readonly string[]>;

function toStep({ data, errors }: Result): string {
  if (errors !== undefined) return `error ${errors.map(({ extensions }) => extensions?.code).join()}`;
  const { __typename: type, reason, progress } = data?.taskUpdates ?? { progress: undefined };
  return [type, ...(reason == null ? [] : [reason]), progress?.sequence].join(' ');
}

const watchWs: Watch = async (app, { taskId, cursor: after, count, onFirst }) => {
  await using client = await app.ws();
  client.subscribe('1', WATCH, { taskId, after });
  const steps: string[] = [];
  while (steps.length < count) {
    const { type, payload } = await client.next('1');
    if (type === 'complete') return [...steps, 'complete'];
    steps.push(toStep(type === 'error' ? { errors: payload as readonly AnswerError[] } : (payload as Result)));
    if (steps.length === 1) await onFirst?.();
  }
  return steps;
};

const watchSse =
  (how: 'after' | 'Last-Event-ID'): Watch =>
  async (app, { taskId, cursor, count, onFirst }) => {
    const byHeader = how === 'Last-Event-ID';
    await using stream = await app.sse({
      query: WATCH,
      variables: byHeader ? { taskId } : { taskId, after: cursor },
      ...(byHeader ? { lastEventId: cursor } : {}),
    });
    if (stream.status === 204) return ['204'];
    if (stream.status !== 200) {
      await stream.ended();
      return [toStep(JSON.parse(stream.text) as Result)];
    }
    const steps: string[] = [];
    while (steps.length < count) {
      const { type, data } = await stream.next();
      if (type === 'complete') return [...steps, 'complete'];
      steps.push(toStep(JSON.parse(data) as Result));
      if (steps.length === 1) await onFirst?.();
    }
    return steps;
  };

interface Case {
  /** Leads to the cursor. @returns it. */
  readonly given: (world: World, taskId: string) => Promise<string>;
  readonly expected: readonly string[];
  /** Where an EventSource is told otherwise. */
  readonly expectedOfHeader?: readonly string[];
  /** Recorded once the stream was answered, so that its going on shows. */
  readonly goesOn?: boolean;
}

async function emitSome(world: World, taskId: string, count: number): Promise<readonly string[]> {
  const cursors: string[] = [];
  for (let number = 1; number <= count; number += 1) cursors.push(await world.emit({ taskId, progress: number / 10 }));
  return cursors;
}

function at(cursors: readonly string[], seq: number): string {
  const cursor = cursors[seq - 1];
  if (cursor === undefined) throw new RangeError(`no cursor at ${seq}`);
  return cursor;
}

const end = { eventType: 'TASK_COMPLETED' };

const CASES: Readonly<Record<string, Case>> = {
  'from the middle': {
    given: async (world, taskId) => at(await emitSome(world, taskId, 3), 2),
    expected: ['TaskEventRecorded 3', 'TaskEventRecorded 4'],
    goesOn: true,
  },
  'from the head': {
    given: async (world, taskId) => at(await emitSome(world, taskId, 3), 3),
    expected: ['TaskEventRecorded 4'],
    goesOn: true,
  },
  'from before the first event': {
    async given(world, taskId) {
      await emitSome(world, taskId, 2);
      const answer = await world.app.post(`{ taskProgress(taskId: "${taskId}", atSequence: 0) { cursor } }`);
      return dataOf<{ taskProgress: { cursor: string } }>(answer).taskProgress.cursor;
    },
    expected: ['TaskEventRecorded 1', 'TaskEventRecorded 2', 'TaskEventRecorded 3'],
    goesOn: true,
  },
  'one past the head': {
    given: async (world, taskId) => at(await emitSome(world, taskId, 3), 3).replace('v1.3.', 'v1.4.'),
    expected: ['TaskGap DIVERGED 3', 'TaskEventRecorded 4'],
    goesOn: true,
  },
  'far past the head': {
    given: async (world, taskId) => at(await emitSome(world, taskId, 3), 3).replace('v1.3.', 'v1.2147483647.'),
    expected: ['TaskGap DIVERGED 3', 'TaskEventRecorded 4'],
    goesOn: true,
  },
  'tampered with': {
    given: async (world, taskId) => at(await emitSome(world, taskId, 3), 2).replace(/.{16}$/, '0123456789abcdef'),
    expected: ['TaskGap DIVERGED 3', 'TaskEventRecorded 4'],
    goesOn: true,
  },
  "another task's": {
    async given(world, taskId) {
      await emitSome(world, taskId, 3);
      return at(await emitSome(world, `${taskId}-other`, 2), 2);
    },
    expected: ['TaskGap DIVERGED 3', 'TaskEventRecorded 4'],
    goesOn: true,
  },
  'of a task that is not known': {
    given: async (world, taskId) => at(await emitSome(world, `${taskId}-other`, 2), 2),
    expected: ['error TASK_NOT_FOUND'],
  },
  'older than what is kept': {
    async given(world, taskId) {
      const cursors = await emitSome(world, taskId, 5);
      await world.app.app.log.trim(taskId, 3);
      return at(cursors, 1);
    },
    expected: ['TaskGap EXPIRED 3', 'TaskEventRecorded 4', 'TaskEventRecorded 5', 'TaskEventRecorded 6'],
    goesOn: true,
  },
  'just before the oldest event that is kept': {
    async given(world, taskId) {
      const cursors = await emitSome(world, taskId, 5);
      await world.app.app.log.trim(taskId, 3);
      return at(cursors, 3);
    },
    expected: ['TaskEventRecorded 4', 'TaskEventRecorded 5', 'TaskEventRecorded 6'],
    goesOn: true,
  },
  'of a log that was trimmed to nothing': {
    async given(world, taskId) {
      const cursors = await emitSome(world, taskId, 5);
      await world.app.app.log.trim(taskId, 5);
      return at(cursors, 2);
    },
    expected: ['TaskGap EXPIRED 5', 'TaskEventRecorded 6'],
    goesOn: true,
  },
  'from the end of a finished task': {
    async given(world, taskId) {
      await emitSome(world, taskId, 2);
      return world.emit({ taskId, ...end });
    },
    expected: ['TaskEnded 3', 'complete'],
    expectedOfHeader: ['204'],
  },
  'from before the end of a finished task': {
    async given(world, taskId) {
      const cursors = await emitSome(world, taskId, 2);
      await world.emit({ taskId, ...end });
      return at(cursors, 2);
    },
    expected: ['TaskEventRecorded 3', 'TaskEnded 3', 'complete'],
  },
  'from the end of a finished task with a late event since': {
    async given(world, taskId) {
      await emitSome(world, taskId, 2);
      const cursor = await world.emit({ taskId, ...end });
      await emitSome(world, taskId, 1);
      return cursor;
    },
    expected: ['TaskEventRecorded 4', 'TaskEnded 4', 'complete'],
  },
  'of a store that was deleted, in which the task is not known': {
    async given(world, taskId) {
      const cursors = await emitSome(world, taskId, 3);
      await world.recreate();
      return at(cursors, 2);
    },
    expected: ['error TASK_NOT_FOUND'],
  },
  'of a store that was deleted, in which the task was begun anew, with the same events': {
    async given(world, taskId) {
      const cursors = await emitSome(world, taskId, 3);
      await world.recreate();
      await emitSome(world, taskId, 3);
      return at(cursors, 2);
    },
    expected: ['TaskGap DIVERGED 3', 'TaskEventRecorded 4'],
    goesOn: true,
  },
  'ahead of a store that was restored from an old copy': {
    async given(world, taskId) {
      await emitSome(world, taskId, 2);
      await world.save();
      const cursors = await emitSome(world, taskId, 3);
      await world.restore();
      return at(cursors, 3);
    },
    expected: ['TaskGap DIVERGED 2', 'TaskEventRecorded 3'],
    goesOn: true,
  },
  'of a store that was restored from an old copy and has grown past the cursor': {
    async given(world, taskId) {
      await emitSome(world, taskId, 2);
      await world.save();
      const cursors = await emitSome(world, taskId, 2);
      await world.restore();
      await emitSome(world, taskId, 4);
      return at(cursors, 2);
    },
    expected: ['TaskGap DIVERGED 6', 'TaskEventRecorded 7'],
    goesOn: true,
  },
};

const MALFORMED: readonly string[] = [
  '0',
  '-1',
  '9007199254740992',
  'v1.-1.0123456789abcdef',
  'v1.01.0123456789abcdef',
  'v1.2147483648.0123456789abcdef',
  'v1.9007199254740992.0123456789abcdef',
  'v1.1.0123456789ABCDEF',
  'v1.1.0123456789abcde',
  'v1.1.0123456789abcdef0',
  'v2.1.0123456789abcdef',
  'v1.1.0123456789abcdef v1.2.0123456789abcdef',
  'dHJ1c3QgbWU=',
  "1' OR '1'='1",
  't1.0.survey',
];

const WORLDS = { memory: openMemoryWorld, sqlite: openSqliteWorld };
const TRANSPORTS: readonly (readonly [string, Watch])[] = [
  ['WebSocket', watchWs],
  ['SSE, after', watchSse('after')],
  ['SSE, Last-Event-ID', watchSse('Last-Event-ID')],
];
const TABLE = Object.entries(WORLDS).flatMap(([driver, openWorld]) =>
  TRANSPORTS.map(([transport, watch]) => [driver, transport, openWorld, watch] as const),
);

describe.each(TABLE)('%s, %s', (_driver, transport, openWorld, watch) => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
  });

  test.each(Object.entries(CASES))('a cursor %s', async (name, { given, expected, expectedOfHeader, goesOn }) => {
    const taskId = name.replaceAll(/[^a-z]+/g, '-');
    const cursor = await given(world, taskId);
    const wanted = (transport.endsWith('ID') ? expectedOfHeader : undefined) ?? expected;
    const goOn = goesOn === true ? () => world.emit({ taskId }) : undefined;
    // Such a gap carries the state of now: what goes on after it is recorded after it. Elsewhere the answer is the same
    // whether that comes before or after the stream begins.
    const isNow = wanted[0]?.startsWith('TaskGap DIVERGED') === true;
    const watching = { taskId, cursor, count: wanted.length, onFirst: isNow ? goOn : undefined };
    const [steps] = await Promise.all([watch(world.app, watching), isNow ? undefined : goOn?.()]);
    expect(steps).toEqual(wanted);
  });

  test('a malformed cursor is CURSOR_INVALID, whatever is wrong with it', async () => {
    const taskId = 'malformed';
    await emitSome(world, taskId, 1);
    const wrong = transport.endsWith('ID')
      ? MALFORMED
      : [...MALFORMED, '', '\0', 'x'.repeat(10_000), 'ⅴ1.1.0123456789abcdef'];
    for (const cursor of wrong) {
      expect([cursor, ...(await watch(world.app, { taskId, cursor, count: 1 }))]).toEqual([
        cursor,
        'error CURSOR_INVALID',
      ]);
    }
  });
});
