/**
 * A watcher that costs a test next to nothing, so that one process can hold hundreds of them: it looks at nothing of a
 * frame but its sequence and its cursor, and remembers only how far it came and whether one was missing or twice.
 */
import http from 'node:http';
import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { settlesWithin } from './wait-for.ts';
import type { Transport } from './watchers.ts';

export interface CountingOptions {
  readonly origin: string;
  readonly transport: Transport;
  readonly taskId: string;
  /** Without it, from the first event on. */
  readonly after?: string | undefined;
  /** Besides its cursor and its sequence. */
  readonly selection?: string;
  /** Stops reading after its first frame. */
  readonly stops?: boolean;
}

/** How it ended: `complete`, `refused` over a connection that stays, the code of a WebSocket's close, or `cut`. */
export type Ending = 'complete' | 'refused' | 'cut' | number;

export interface CountingWatcher extends Disposable {
  /** The sequence of the latest frame; 0 before the first. */
  readonly at: number;
  readonly cursor: string | undefined;
  /** Sequences that came where another should have, or as something else than the next event. */
  readonly wrong: readonly number[];
  /** The first frame came. */
  readonly first: Promise<void>;
  readonly ending: Promise<Ending>;
  /** Reads on. */
  resume(): void;
}

/** Each frame begins with them: they are asked for first. */
const FRAME = /"__typename":"(\w+)"[^]*?"sequence":(\d+)[^]*?"cursor":"([^"]+)"/;

interface Count {
  at: number;
  cursor: string | undefined;
  readonly wrong: number[];
}

/** @param from the sequence that it stands at. @returns once it has its first frame. */
export async function openCountingWatcher(options: CountingOptions, from = 0): Promise<CountingWatcher> {
  const watcher = startCountingWatcher(options, from);
  const hasFrame = Promise.race([watcher.first, watcher.ending]);
  await settlesWithin(hasFrame, { withinMs: 30_000, what: 'the first frame' });
  return watcher;
}

/** The same, at once. */
export function startCountingWatcher(options: CountingOptions, from = 0): CountingWatcher {
  const count: Count = { at: from, cursor: options.after, wrong: [] };
  const first = Promise.withResolvers<void>();
  const ending = Promise.withResolvers<Ending>();
  const connect = options.transport === 'ws' ? connectWs : connectSse;
  const connection = connect(options, {
    frame(text) {
      note(count, text);
      first.resolve();
    },
    ended: ending.resolve,
  });
  return {
    get at() {
      return count.at;
    },
    get cursor() {
      return count.cursor;
    },
    wrong: count.wrong,
    first: first.promise,
    ending: ending.promise,
    resume: connection.resume,
    [Symbol.dispose]: connection.close,
  };
}

function note(count: Count, text: string): void {
  const [, kind, sequence = '', cursor] = FRAME.exec(text) ?? [];
  const at = Number(sequence);
  // The end has the place of the last event. Whoever asks for all events is given no snapshot and no gap instead of any.
  const isNext = kind === 'TaskEventRecorded' && at === count.at + 1;
  const isEnd = kind === 'TaskEnded' && at === count.at;
  if (!isNext && !isEnd) count.wrong.push(at);
  count.at = at;
  count.cursor = cursor;
}

interface Listener {
  frame(text: string): void;
  ended(how: Ending): void;
}

interface Connection {
  resume(): void;
  close(): void;
}

function requestOf({ taskId, after, selection = '' }: CountingOptions): { query: string; variables: object } {
  const query = `subscription ($taskId: ID!, $after: String) {
    taskUpdates(taskId: $taskId, after: $after, replay: true) { __typename progress { sequence } cursor ${selection} }
  }`;
  return { query, variables: { taskId, after } };
}

function connectWs(options: CountingOptions, { frame, ended }: Listener): Connection {
  const url = `${options.origin.replace('http', 'ws')}/graphql`;
  const socket = new WebSocket(url, 'graphql-transport-ws', { perMessageDeflate: false });
  let isComplete = false;
  socket.on('open', () => socket.send('{"type":"connection_init"}'));
  socket.on('message', (data) => {
    // `ws` hands over one Buffer unless told otherwise.
    const text = (data as Buffer).toString('latin1');
    if (text.startsWith('{"type":"next"')) {
      frame(text);
      if (options.stops === true && socket.readyState === socket.OPEN && !isResumed) socket.pause();
    } else if (text.startsWith('{"type":"connection_ack"')) {
      socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: requestOf(options) }));
    } else if (text.includes('"type":"complete"')) {
      isComplete = true;
      ended('complete');
    } else if (text.includes('"type":"error"')) {
      ended('refused');
    }
  });
  let isResumed = false;
  socket.on('error', () => undefined);
  socket.on('close', (code) => isComplete || ended(code));
  return {
    resume() {
      isResumed = true;
      socket.resume();
    },
    close: () => socket.terminate(),
  };
}

function connectSse(options: CountingOptions, { frame, ended }: Listener): Connection {
  const { query, variables } = requestOf(options);
  const url = new URL('/graphql', options.origin);
  url.searchParams.set('query', query);
  url.searchParams.set('variables', JSON.stringify(variables));
  let response: IncomingMessage | undefined;
  let isResumed = false;
  let rest = '';
  const request = http.get(url, { agent: false, headers: { accept: 'text/event-stream' } }, (given) => {
    response = given;
    given.setEncoding('latin1');
    given.on('data', (chunk: string) => {
      const events = (rest + chunk).split('\n\n');
      rest = events.pop() ?? '';
      for (const event of events) {
        if (event.includes('event: next')) {
          frame(event);
          if (options.stops === true && !isResumed) given.pause();
        } else if (event.includes('event: complete')) {
          ended('complete');
        }
      }
    });
    given.on('error', () => undefined);
    given.on('close', () => ended('cut'));
  });
  request.on('error', () => ended('cut'));
  return {
    resume() {
      isResumed = true;
      response?.resume();
    },
    close: () => void request.destroy(),
  };
}
