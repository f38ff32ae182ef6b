/** The opening of a GraphQL WebSocket: the upgrade, then `connection_init`. */
import type { Socket } from 'node:net';
import { toFrame } from './frames.ts';

const HEAD_END = Buffer.from('\r\n\r\n');

/** @returns takes the socket's chunks; what comes after the upgrade goes on to `readFrames`. */
export function openWebSocket(
  socket: Socket,
  port: number,
  readFrames: (chunk: Buffer) => void,
  bearer?: string,
): (chunk: Buffer) => void {
  socket.write(
    `GET /graphql HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n' +
      'Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n',
  );
  let isOpen = false;
  return (chunk) => {
    if (isOpen) return readFrames(chunk);
    const headEnd = chunk.indexOf(HEAD_END);
    if (headEnd < 0) return;
    isOpen = true;
    const payload = bearer === undefined ? undefined : { authorization: `Bearer ${bearer}` };
    socket.write(toFrame(JSON.stringify({ type: 'connection_init', payload })));
    if (headEnd + HEAD_END.length < chunk.length) readFrames(chunk.subarray(headEnd + HEAD_END.length));
  };
}
