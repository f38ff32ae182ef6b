/** Very many watchers that wait for news: many to a socket, for it is the server that they are to cost something. */
import { WebSocket } from 'ws';
import { settlesWithin } from './wait-for.ts';

export interface IdleWatchers extends AsyncDisposable {
  /** Frames received so far, all watchers together. */
  readonly frames: number;
  /** Frames that tell of a gap, errors, and ends: there should be none. */
  readonly troubles: readonly string[];
}

export interface IdleOptions {
  readonly origin: string;
  readonly count: number;
  /** Of the watcher of this number. */
  readonly taskOf: (index: number) => string;
}

const EACH = 100;
const WATCH = 'subscription ($taskId: ID!) { taskUpdates(taskId: $taskId) { __typename } }';

/** @returns once all of them have their first frame. */
export async function openIdleWatchers({ origin, count, taskOf }: IdleOptions): Promise<IdleWatchers> {
  const troubles: string[] = [];
  const allBegan = Promise.withResolvers<void>();
  let frames = 0;

  function hear(text: string): void {
    if (text.startsWith('{"type":"next"') && !text.includes('TaskGap')) frames += 1;
    else if (!text.startsWith('{"type":"ping"')) troubles.push(text.slice(0, 300));
    if (frames === count) allBegan.resolve();
  }

  async function open(first: number): Promise<WebSocket> {
    const socket = new WebSocket(`${origin.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', {
      perMessageDeflate: false,
    });
    const isReady = Promise.withResolvers<void>();
    socket.on('open', () => socket.send('{"type":"connection_init"}'));
    socket.on('error', isReady.reject);
    socket.on('close', () => troubles.push('closed'));
    socket.on('message', (data) => {
      // `ws` hands over one Buffer unless told otherwise.
      const text = (data as Buffer).toString();
      if (text.startsWith('{"type":"connection_ack"')) isReady.resolve();
      else hear(text);
    });
    await isReady.promise;
    for (let index = first; index < Math.min(first + EACH, count); index += 1) {
      const payload = { query: WATCH, variables: { taskId: taskOf(index) } };
      socket.send(JSON.stringify({ type: 'subscribe', id: String(index), payload }));
    }
    return socket;
  }

  const sockets: WebSocket[] = [];
  for (let first = 0; first < count; first += EACH) sockets.push(await open(first));
  const what = (): string => `${count} watchers to begin, ${frames} did; ${troubles.slice(0, 3).join()}`;
  await settlesWithin(allBegan.promise, { withinMs: 120_000, what });
  return {
    troubles,
    get frames() {
      return frames;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.terminate();
    },
  };
}
