/** Reading and answering plain HTTP messages: what is said at once, and not in a stream. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** The whole body, or undefined when it is larger than `maxBytes`: the rest is not read. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError('The request was given an encoding.');
    size += chunk.byteLength;
    if (size > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

export function sendJson(
  response: ServerResponse,
  status: number,
  value: unknown,
  mediaType = 'application/json',
): void {
  const body = JSON.stringify(value);
  response
    .writeHead(status, { 'content-type': `${mediaType}; charset=utf-8`, 'content-length': Buffer.byteLength(body) })
    .end(body);
}

/** Hand on what Yoga says. */
export async function sendAnswer(response: ServerResponse, answer: Response): Promise<void> {
  const text = await answer.text();
  response.statusCode = answer.status;
  response.setHeaders(answer.headers).end(text);
}

/**
 * Cut the connection when its reader takes nothing of a finished answer for `stallMs`, or the answer would be kept for
 * as long as the reader likes. Node looks whether any byte went out, so a slow reader is not a stalled one.
 */
export function cutWhenStalled(response: ServerResponse, stallMs: number): void {
  if (response.writableFinished || response.destroyed) return;
  const arm = (socket: Socket): void => {
    socket.setTimeout(stallMs);
    // Before Node's own listener, which sets how long the connection is kept for the next request.
    response.prependOnceListener('finish', () => socket.setTimeout(0));
  };
  // A request that came before this one on the same connection may still be at work, for as long as it needs.
  if (response.socket === null) response.once('socket', arm);
  else arm(response.socket);
}
