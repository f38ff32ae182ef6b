/** Reading and answering plain HTTP messages, for the few paths that do not go through Yoga. */
import type { IncomingMessage, ServerResponse } from 'node:http';

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
