/** Sends a row's bytes as a request of HTTP, and says what was answered: status, codes, and what headers tell. */
import type { TestApp } from '../support/app.ts';
import type { Outcome } from './row.ts';
import { codesIn, exchange, lastReply, requestBytes, type HttpReply, type HttpSent } from './wire.ts';
import type { World } from './world.ts';

export async function runHttp(sent: HttpSent, server: TestApp, world: World): Promise<Outcome> {
  const { times = 1 } = sent;
  const filled = fillRequest(sent, world);
  const before = { ...filled, headers: [...(filled.headers ?? []), ['connection', 'keep-alive'] as const] };
  const bytes = Buffer.concat([...Array.from({ length: times - 1 }, () => requestBytes(before)), requestBytes(filled)]);
  const received = await exchange(portOf(server), bytes);
  return { got: describeReply(lastReply(received)), seen: received.toString() };
}

export function portOf({ origin }: TestApp): number {
  return Number(new URL(origin).port);
}

export function fillRequest(sent: HttpSent, world: World): HttpSent {
  const { path, headers, body } = sent;
  return {
    ...sent,
    ...(path === undefined ? {} : { path: world.fill(path) }),
    ...(headers === undefined ? {} : { headers: headers.map(([name, value]) => [name, world.fill(value)] as const) }),
    ...(typeof body === 'string' ? { body: world.fill(body) } : {}),
  };
}

export function describeReply(reply: HttpReply | undefined): string {
  if (reply === undefined) return 'closed without an answer';
  const { status, headers, body } = reply;
  const cors = headers.get('access-control-allow-origin');
  const allow = headers.get('allow');
  const said = [
    [status, ...codesIn(body)].join(' '),
    ...(allow === undefined ? [] : [`Allow: ${allow}`]),
    ...(cors === undefined ? [] : [`Access-Control-Allow-Origin: ${cors}`]),
    ...(headers.has('retry-after') ? ['Retry-After'] : []),
  ];
  return said.join(', ');
}
