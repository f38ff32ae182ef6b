/**
 * A client that comes back without end: ten times a second it opens a WebSocket and an event stream, and leaves each in
 * one of the ways in which clients leave. Some it just forgets: those are for the server to find.
 */
import http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { waitFor } from './wait-for.ts';

export interface FlapperOptions {
  readonly origin: string;
  readonly taskId: string;
  /** `Bearer …` */
  readonly authorization: string;
  readonly perSecond: number;
  readonly signal: AbortSignal;
}

export interface Flaps {
  readonly begun: number;
  /** Ends of WebSockets by their code, and of event streams by their status, where it was not the client that left. */
  readonly refusals: ReadonlyMap<number, number>;
  /** Frames that it waited for before it left. */
  readonly frames: number;
}

type Leave = 'politely' | 'reset' | 'forgotten';

const WAYS: readonly Leave[] = ['politely', 'reset', 'politely', 'reset', 'forgotten'];
const FRAME_MS = 2_000;

/** Resolves when the signal aborts and everything is tidied up. */
export async function flap(options: FlapperOptions): Promise<Flaps> {
  const { perSecond, signal } = options;
  const flaps = { begun: 0, frames: 0, refusals: new Map<number, number>() };
  const refused = (code: number): void => void flaps.refusals.set(code, (flaps.refusals.get(code) ?? 0) + 1);
  const noteFrame = (): void => void (flaps.frames += 1);
  const forgotten = new Set<Disposable>();
  const start = performance.now();
  const all: Promise<void>[] = [];
  while (!signal.aborted) {
    const way = WAYS[flaps.begun % WAYS.length] ?? 'reset';
    flaps.begun += 1;
    const note = { refused, frame: noteFrame, forget: (what: Disposable) => void forgotten.add(what) };
    all.push(flapSocket(options, way, note), flapStream(options, way, note));
    await delay(Math.max(0, start + (flaps.begun * 1_000) / perSecond - performance.now()));
  }
  for (const each of forgotten) each[Symbol.dispose]();
  await Promise.all(all);
  return flaps;
}

interface Notes {
  readonly refused: (code: number) => void;
  readonly frame: () => void;
  readonly forget: (what: Disposable) => void;
}

const queryOf = (taskId: string): string =>
  `subscription { taskUpdates(taskId: ${JSON.stringify(taskId)}) { cursor } }`;

async function flapSocket({ origin, taskId, authorization }: FlapperOptions, way: Leave, notes: Notes): Promise<void> {
  const socket = new WebSocket(`${origin.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  let hasFrame = false;
  let isOver = false;
  let isLeaving = false;
  socket.on('error', () => undefined);
  socket.on('unexpected-response', (_, { statusCode = 0 }) => {
    notes.refused(statusCode);
    socket.terminate();
  });
  socket.on('close', (code) => {
    isOver = true;
    // 1006 is a connection that was refused, or ended by this client.
    if (!isLeaving && code !== 1006) notes.refused(code);
  });
  socket.on('open', () => socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization } })));
  socket.on('message', (data) => {
    // `ws` hands over one Buffer unless told otherwise.
    const text = (data as Buffer).toString('latin1');
    if (text.includes('connection_ack')) {
      socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query: queryOf(taskId) } }));
    }
    hasFrame ||= text.includes('"next"');
  });
  await waitFor(() => hasFrame || isOver, { withinMs: FRAME_MS * 5, what: 'a frame or a refusal', pollMs: 10 });
  if (isOver) return;
  notes.frame();
  if (way === 'forgotten') {
    socket.pause();
    notes.forget({ [Symbol.dispose]: () => socket.terminate() });
    return;
  }
  isLeaving = true;
  if (way === 'politely') socket.close(1000);
  else socket.terminate();
}

async function flapStream({ origin, taskId, authorization }: FlapperOptions, way: Leave, notes: Notes): Promise<void> {
  const url = new URL('/graphql', origin);
  url.searchParams.set('query', queryOf(taskId));
  const headers = { accept: 'text/event-stream', authorization };
  let hasFrame = false;
  let isOver = false;
  const request = http.get(url, { agent: false, headers }, (response) => {
    const { statusCode = 0 } = response;
    if (statusCode !== 200) notes.refused(statusCode);
    response.on('data', (chunk: Buffer) => (hasFrame ||= chunk.includes('event: next')));
    response.on('error', () => undefined);
    response.on('close', () => (isOver = true));
  });
  request.on('error', () => (isOver = true));
  await waitFor(() => hasFrame || isOver, { withinMs: FRAME_MS * 5, what: 'a frame or a refusal', pollMs: 10 });
  if (hasFrame) notes.frame();
  if (way === 'reset') request.socket?.resetAndDestroy();
  else request.destroy();
}
