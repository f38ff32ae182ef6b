/** Reading and answering plain HTTP messages: what is said at once, and not in a stream. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** The whole body, or undefined when it is larger than `maxBytes`: the rest is not read. Rejects when it is cut off. */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Uint8Array | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    // By events: an iterator over a stream costs more than reading a small body.
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size <= maxBytes) {
        chunks.push(chunk);
        return;
      }
      request.off('data', onData).pause();
      resolve(undefined);
    };
    request
      .on('data', onData)
      .once('end', () => resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)))
      .once('error', reject)
      .once('close', () => {
        // It comes after each request: an error that nobody hears costs as much as the rest of reading a small body.
        if (!request.readableEnded) reject(new Error('The body did not arrive whole.'));
      });
  });
}

export function sendJson(
  response: ServerResponse,
  status: number,
  value: unknown,
  mediaType = 'application/json',
): void {
  const body = JSON.stringify(value);
  response
    .writeHead(status, {
      'content-type': `${mediaType}; charset=utf-8`,
      'content-length': Buffer.byteLength(body),
      'x-content-type-options': 'nosniff',
    })
    .end(body);
}

/** Hand on what Yoga says. */
export async function sendAnswer(response: ServerResponse, answer: Response): Promise<void> {
  const text = await answer.text();
  response.statusCode = answer.status;
  response.setHeaders(answer.headers).setHeader('x-content-type-options', 'nosniff').end(text);
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
