/** Sends one document over every transport, and says what became of it: the same code, whatever carries it. */
import { EMIT, type TestApp } from '../support/app.ts';
import { waitFor } from '../support/wait-for.ts';
import type { Outcome } from './row.ts';
import { portOf } from './run-http.ts';
import { codesIn, exchange, lastReply, requestBytes, type HttpReply } from './wire.ts';
import type { World } from './world.ts';

export interface DocumentSent {
  readonly query: string;
  /** As JSON text, where JSON can say what no value of JavaScript can. */
  readonly variables?: object | string;
  /** A subscription cannot be answered over plain HTTP. */
  readonly isStream?: true;
}

/** An event with something wrong in it. A text is JSON that is added as it is. */
export function emitting(patch: object | string): DocumentSent {
  const good = {
    taskId: 'survey',
    eventType: 'PROGRESS_UPDATE',
    component: 'camina',
    stage: 'ANALYSIS',
    message: 'on it',
  };
  if (typeof patch !== 'string') return { query: EMIT, variables: { input: { ...good, ...patch } } };
  return { query: EMIT, variables: `{"input":${JSON.stringify(good).slice(0, -1)},${patch}}}` };
}

export const refusedAsRequest = (code: string): string => `${code} (HTTP 400, WebSocket error, SSE next)`;
export const refusedAsField = (code: string): string => `${code} (HTTP 200, WebSocket next, SSE next)`;
export const ACCEPTED = 'accepted (HTTP 200, WebSocket next, SSE next)';
export const refusedStream = (code: string): string => `${code} (WebSocket next, SSE next)`;
export const refusedStreamAsRequest = (code: string): string => `${code} (WebSocket error, SSE next)`;

interface Answered {
  readonly by: string;
  readonly text: string;
}

export async function runDocument(sent: DocumentSent, server: TestApp, world: World): Promise<Outcome> {
  const { query, variables, isStream = false } = sent;
  const text = typeof variables === 'string' ? variables : JSON.stringify(variables);
  const body = world.fill(`{"query":${JSON.stringify(query)}${text === undefined ? '' : `,"variables":${text}`}}`);
  const answered = [
    ...(isStream ? [] : [await byHttp(server, body)]),
    await bySocket(server, body),
    await byEventStream(server, body),
  ];
  const said = new Set(answered.map((answer) => codesIn(answer.text).join(' ') || itemIn(answer.text)));
  return {
    got: `${[...said].join(' or ')} (${answered.map(({ by }) => by).join(', ')})`,
    seen: answered.map((answer) => answer.text).join('\n'),
  };
}

function itemIn(text: string): string {
  const [, type, reason] = /"__typename":"(Task\w+)"(?:,"reason":"(\w+)")?/.exec(text) ?? [];
  return type === undefined ? 'accepted' : [type, ...(reason === undefined ? [] : [reason])].join(' ');
}

async function byHttp(server: TestApp, body: string): Promise<Answered> {
  const reply = await post(server, body, 'application/graphql-response+json');
  return { by: `HTTP ${reply?.status}`, text: reply?.body ?? '' };
}

async function byEventStream(server: TestApp, body: string): Promise<Answered> {
  const reply = await post(server, body, 'text/event-stream');
  const event = /event: (\w+)/.exec(reply?.body ?? '')?.[1];
  return { by: reply?.status === 200 ? `SSE ${event}` : `SSE ${reply?.status}`, text: reply?.body ?? '' };
}

/** @returns once the answer is over, or the first item of a stream has come. */
async function post(server: TestApp, body: string, accept: string): Promise<HttpReply | undefined> {
  const headers = [
    ['content-type', 'application/json'],
    ['accept', accept],
  ] as const;
  const bytes = requestBytes({ method: 'POST', headers, body });
  return lastReply(await exchange(portOf(server), bytes, hasItem));
}

function hasItem(received: Buffer): boolean {
  return /^event: next\ndata: .*\n\n/m.test(received.toString());
}

/** A document never costs the socket: it is asked for one more answer. */
async function bySocket(server: TestApp, body: string): Promise<Answered> {
  await using client = await server.ws();
  client.send(`{"type":"subscribe","id":"1","payload":${body}}`);
  const answer = await client.next('1').catch(() => undefined);
  if (answer === undefined) return { by: `WebSocket close ${(await client.closed()).code}`, text: '' };
  client.send({ type: 'complete', id: '1' });
  client.subscribe('after', '{ __typename }');
  await waitFor(() => client.unread.some(({ id }) => id === 'after'), { withinMs: 5_000, what: 'the socket to go on' });
  return { by: `WebSocket ${answer.type}`, text: JSON.stringify(answer) };
}
