/**
 * One keep-alive HTTP connection that costs the load process next to nothing: the request is bytes made beforehand,
 * and of the answer only what tells where it ends is read. One request at a time.
 */
import { connect, type Socket } from 'node:net';

export interface HttpConnection extends Disposable {
  /** @returns the answer's body. Rejects on any status but 200, and when the connection ends. */
  send(request: Buffer): Promise<Buffer>;
}

const REQUEST_LINE = 'POST /graphql HTTP/1.1\r\n';

export function toRequest(port: number, body: string, accept = 'application/json'): Buffer {
  const head =
    `${REQUEST_LINE}Host: 127.0.0.1:${port}\r\nAccept: ${accept}\r\n` +
    `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
  return Buffer.from(head + body);
}

interface Pending {
  resolve(body: Buffer): void;
  reject(error: Error): void;
}

/** @param bearer what each request shows. Connects with the first request, and again when the server closed the connection between two. */
export function createHttpConnection(port: number, bearer?: string): HttpConnection {
  const start = bearer === undefined ? undefined : Buffer.from(`${REQUEST_LINE}Authorization: Bearer ${bearer}\r\n`);
  let socket: Socket | undefined;
  let pending: Pending | undefined;
  let received: Buffer = Buffer.alloc(0);

  const settle = (use: (pending: Pending) => void): void => {
    const waiting = pending;
    pending = undefined;
    if (waiting !== undefined) use(waiting);
  };
  const take = (chunk: Buffer): void => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    const body = parseAnswer(received);
    if (body === undefined) return;
    received = Buffer.alloc(0);
    if (body instanceof Error) settle(({ reject }) => reject(body));
    else settle(({ resolve }) => resolve(body));
  };
  const open = (): Socket => {
    const opened = connect({ port, host: '127.0.0.1', noDelay: true });
    opened.on('data', take);
    opened.on('error', () => undefined);
    opened.on('close', () => {
      if (socket === opened) socket = undefined;
      received = Buffer.alloc(0);
      settle(({ reject }) => reject(new Error('the server closed a connection before it answered')));
    });
    return opened;
  };

  return {
    send(request) {
      return new Promise((resolve, reject) => {
        pending = { resolve, reject };
        socket ??= open();
        if (start === undefined) return void socket.write(request);
        socket.cork();
        socket.write(start);
        socket.write(request.subarray(REQUEST_LINE.length));
        socket.uncork();
      });
    },
    [Symbol.dispose]: () => socket?.destroy(),
  };
}

const HEAD_END = Buffer.from('\r\n\r\n');
const LAST_CHUNK = Buffer.from('\r\n0\r\n\r\n');

/** @returns undefined as long as more is to come; of a chunked body, the chunks as they are. */
function parseAnswer(bytes: Buffer): Buffer | Error | undefined {
  const headEnd = bytes.indexOf(HEAD_END);
  if (headEnd < 0) return undefined;
  const head = bytes.toString('latin1', 0, headEnd);
  const bodyStart = headEnd + HEAD_END.length;
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  const bodyEnd = length === undefined ? chunkedEnd(bytes) : bodyStart + Number(length);
  if (bodyEnd === undefined || bytes.length < bodyEnd) return undefined;
  const body = bytes.subarray(bodyStart, bodyEnd);
  if (head.startsWith('HTTP/1.1 200') && !body.includes('"errors"')) return body;
  return new Error(`refused: ${head.slice(0, head.indexOf('\r\n'))}: ${body.toString('utf8', 0, 300)}`);
}

function chunkedEnd(bytes: Buffer): number | undefined {
  return bytes.subarray(-LAST_CHUNK.length).equals(LAST_CHUNK) ? bytes.length : undefined;
}
