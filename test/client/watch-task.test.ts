/** `watchTask` against a server that breaks on command: nothing missed, nothing twice, nothing out of order. */
import { describe, expect, test } from 'vitest';
import {
  watchTask,
  type ConnectionOptions,
  type ConnectionState,
  type RetryOptions,
  type TaskUpdate,
} from '../../src/client/index.ts';
import type { TaskStream } from '../../src/client/watch-task.ts';
import { waitFor } from '../support/wait-for.ts';
import { openScriptedServer, type Asked } from './scripted-server.ts';
import { checkpoint, ended, gap, recorded, snapshot } from './updates.ts';

/** As good as no wait between tries. */
const EAGER = { taskId: 't', random: () => 0 } as const;

function send(asked: Asked, ...updates: readonly TaskUpdate[]): void {
  for (const taskUpdates of updates) asked.next({ taskUpdates });
}

async function collect(options: ConnectionOptions & RetryOptions & Partial<TaskStream>): Promise<string[]> {
  const seen: string[] = [];
  for await (const update of watchTask({ ...EAGER, ...options })) seen.push(`${update.__typename} ${update.cursor}`);
  return seen;
}

describe('a break in the stream', () => {
  test.each([
    ['a cut', (asked: Asked) => asked.cut()],
    ['a restart (1012)', (asked: Asked) => asked.close(1012)],
    ['a stalled reader (1013)', (asked: Asked) => asked.close(1013)],
    ['a bare close (1000)', (asked: Asked) => asked.close(1000)],
    ['an expired token (4403)', (asked: Asked) => asked.close(4403)],
    ['complete before the end', (asked: Asked) => asked.complete()],
    ['SHUTTING_DOWN', (asked: Asked) => asked.error('SHUTTING_DOWN')],
    ['STORE_UNAVAILABLE', (asked: Asked) => asked.error('STORE_UNAVAILABLE')],
  ])('%s: the stream goes on after the last cursor', async (_name, breakOff) => {
    await using server = await openScriptedServer((asked) => {
      if (asked.connection === 1) {
        send(asked, snapshot(3), recorded(4));
        breakOff(asked);
      } else send(asked, recorded(5), ended(5));
    });
    expect(await collect({ url: server.url })).toEqual([
      'TaskSnapshot c3',
      'TaskEventRecorded c4',
      'TaskEventRecorded c5',
      'TaskEnded c5',
    ]);
    expect(server.asked.map(({ variables }) => variables['after'])).toEqual([undefined, 'c4']);
  });

  test('before the first update: it begins again as it began, with `replay` and the filter', async () => {
    await using server = await openScriptedServer((asked) => {
      if (asked.connection < 3) asked.cut();
      else send(asked, recorded(1), ended(1));
    });
    await collect({ url: server.url, replay: true, filter: { components: ['camina'] } });
    const variables = { taskId: 't', replay: true, filter: { components: ['camina'] } };
    expect(server.asked.map((asked) => asked.variables)).toEqual([variables, variables, variables]);
  });

  test('is said, and so is its end', async () => {
    await using server = await openScriptedServer((asked) => {
      if (asked.connection === 1) asked.cut();
      else send(asked, ended(1));
    });
    const states: ConnectionState['kind'][] = [];
    await collect({ url: server.url, onConnection: ({ kind }) => states.push(kind) });
    expect(states).toEqual(['connecting', 'connected', 'lost', 'connecting', 'connected']);
  });
});

describe('the wait before the next try', () => {
  /** Each connection lives so long, by a clock of its own, and brings nothing; the last brings the end. */
  async function waits(livesMs: number): Promise<number[]> {
    let nowMs = 0;
    await using server = await openScriptedServer((asked) => {
      nowMs += livesMs;
      if (asked.connection < 5) asked.cut();
      else send(asked, ended(1));
    });
    const retries: number[] = [];
    await collect({
      url: server.url,
      retryCapMs: 1_000,
      random: () => 0.001,
      nowMs: () => nowMs,
      onConnection: (state) => state.kind === 'lost' && retries.push(state.retryInMs),
    });
    return retries;
  }

  test('grows for a server that accepts and drops', async () => {
    expect(await waits(999)).toEqual([0.25, 0.5, 1, 1]);
  });

  test('is the first again after a connection that outlived the longest wait, though the task was silent', async () => {
    expect(await waits(1_000)).toEqual([0.25, 0.25, 0.25, 0.25]);
  });
});

describe('what was delivered is not delivered again', () => {
  test('events that a server repeats after a resume', async () => {
    await using server = await openScriptedServer((asked) => {
      if (asked.connection === 1) {
        send(asked, recorded(1), recorded(2));
        asked.cut();
      } else send(asked, recorded(1), recorded(2), checkpoint(2), recorded(3), ended(3));
    });
    expect(await collect({ url: server.url })).toEqual([
      'TaskEventRecorded c1',
      'TaskEventRecorded c2',
      'TaskEventRecorded c3',
      'TaskEnded c3',
    ]);
  });

  test('after a gap that went back, lower sequences are new', async () => {
    await using server = await openScriptedServer((asked) => {
      send(asked, recorded(8), gap(2), recorded(3), ended(3));
    });
    expect(await collect({ url: server.url })).toEqual([
      'TaskEventRecorded c8',
      'TaskGap g2',
      'TaskEventRecorded c3',
      'TaskEnded c3',
    ]);
  });
});

describe('what cannot pass is thrown, with its code', () => {
  test.each([
    'TASK_NOT_FOUND',
    'TASK_DELETED',
    'CURSOR_INVALID',
    'BAD_USER_INPUT',
    'INTERNAL_SERVER_ERROR',
    'A_CODE_OF_TOMORROW',
  ])('%s', async (code) => {
    await using server = await openScriptedServer((asked) => asked.error(code));
    await expect(collect({ url: server.url })).rejects.toMatchObject({ name: 'OperationFailedError', code });
    expect(server.asked).toHaveLength(1);
  });

  test.each([4400, 4401])('close code %d', async (status) => {
    await using server = await openScriptedServer((asked) => asked.close(status));
    await expect(collect({ url: server.url })).rejects.toMatchObject({ code: 'CONNECTION_FAILED', status });
  });

  test('a token that is refused each time it is asked for anew; but not before it was asked for a few times', async () => {
    let asked = 0;
    await using server = await openScriptedServer((each) => each.close(4401));
    const headers = (): Record<string, string> => {
      asked += 1;
      return { authorization: `Bearer ${asked}` };
    };
    await expect(collect({ url: server.url, headers })).rejects.toMatchObject({ status: 4401 });
    expect(asked).toBeGreaterThan(1);
  });

  test('no server, after `firstConnectWithinMs`', async () => {
    const server = await openScriptedServer(() => {});
    await server[Symbol.asyncDispose]();
    const watching = collect({ url: server.url, firstConnectWithinMs: 50, random: () => 0.05 });
    await expect(watching).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
  });

  test('no server any more, after `reconnectWithinMs`', async () => {
    const server = await openScriptedServer((asked) => {
      send(asked, snapshot(1));
      asked.cut();
      void server[Symbol.asyncDispose]();
    });
    const watching = collect({ url: server.url, reconnectWithinMs: 50, random: () => 0.05 });
    await expect(watching).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
  });

  test('a URL that is none', async () => {
    await expect(collect({ url: 'ftp://x/graphql' })).rejects.toBeInstanceOf(TypeError);
  });
});

describe('leaving', () => {
  test('closes the connection', async () => {
    await using server = await openScriptedServer((asked) => send(asked, recorded(1), recorded(2)));
    for await (const update of watchTask({ ...EAGER, url: server.url })) {
      expect(update.cursor).toBe('c1');
      break;
    }
    await waitFor(() => server.openConnections() === 0, { withinMs: 5_000, what: 'the connection to close' });
  });

  test('by the signal ends a silent stream quietly, and closes the connection', async () => {
    const leaving = new AbortController();
    await using server = await openScriptedServer(() => setImmediate(() => leaving.abort()));
    expect(await collect({ url: server.url, signal: leaving.signal })).toEqual([]);
    await waitFor(() => server.openConnections() === 0, { withinMs: 5_000, what: 'the connection to close' });
  });

  test('by the signal, while waiting for the next try', async () => {
    const leaving = new AbortController();
    await using server = await openScriptedServer((asked) => asked.cut());
    const onConnection = ({ kind }: ConnectionState) => kind === 'lost' && leaving.abort();
    expect(await collect({ url: server.url, signal: leaving.signal, onConnection, random: () => 0.99 })).toEqual([]);
    expect(server.asked).toHaveLength(1);
  });

  test('by `return` while the next update is awaited', async () => {
    await using server = await openScriptedServer(() => {});
    const updates = watchTask({ ...EAGER, url: server.url });
    const waiting = updates.next();
    await waitFor(() => server.asked.length === 1, { withinMs: 5_000, what: 'the subscription' });
    await updates.return?.();
    expect(await waiting).toEqual({ done: true, value: undefined });
  });
});

test('a reader that is slower than the stream gets all of it, in order, without a growing buffer', async () => {
  const total = 5_000;
  await using server = await openScriptedServer((asked) => {
    const { after: cursor } = asked.variables;
    const after = typeof cursor === 'string' ? Number(cursor.slice(1)) : 0;
    for (let sequence = after + 1; sequence <= total; sequence += 1) send(asked, recorded(sequence));
    send(asked, ended(total));
  });
  const sequences: number[] = [];
  for await (const update of watchTask({ ...EAGER, url: server.url })) {
    if (update.__typename === 'TaskEventRecorded') sequences.push(update.event.sequence);
    // It reads nothing more until the client has had enough and left.
    if (sequences.length !== 1) continue;
    await waitFor(() => server.openConnections() === 0, { withinMs: 20_000, what: 'the client to leave' });
  }
  expect(sequences).toEqual(Array.from({ length: total }, (_, index) => index + 1));
  expect(server.asked.length).toBeGreaterThan(1);
});
