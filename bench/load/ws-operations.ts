/** Many mutations in flight over one WebSocket, each under an id of its own. */
import { connect } from 'node:net';
import type { Lane } from './emit.ts';
import { createFrameReader, OPCODE, toFrame } from './frames.ts';
import { openWebSocket } from './upgrade.ts';

interface Pending {
  resolve(answer: Buffer): void;
  reject(error: Error): void;
  answer: Buffer | undefined;
}

const ID = /"id":"(\d+)"/;

export async function openOperations(
  port: number,
  count: number,
): Promise<Disposable & { readonly lanes: readonly Lane[] }> {
  const pending = new Map<number, Pending>();
  const acknowledged = Promise.withResolvers<undefined>();
  let nextId = 1;
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const take = (text: string): void => {
    if (text.includes('"connection_ack"')) acknowledged.resolve(undefined);
    const id = Number(ID.exec(text)?.[1]);
    const waiting = pending.get(id);
    if (waiting === undefined) return;
    if (text.includes('"errors"') || text.includes('"type":"error"')) waiting.reject(new Error(`refused: ${text}`));
    else if (text.includes('"type":"complete"')) waiting.resolve(waiting.answer ?? Buffer.alloc(0));
    else {
      waiting.answer = Buffer.from(text);
      return;
    }
    pending.delete(id);
  };
  const readFrames = createFrameReader((buffer, start, end, opcode) => {
    if (opcode === OPCODE.text) take(buffer.toString('latin1', start, end));
    if (opcode === OPCODE.ping) socket.write(toFrame(Buffer.from(buffer.subarray(start, end)), OPCODE.pong));
  });
  socket.on('data', openWebSocket(socket, port, readFrames));
  socket.on('error', () => undefined);
  socket.on('close', () => {
    const error = new Error('the server closed the connection before it answered');
    acknowledged.reject(error);
    for (const { reject } of pending.values()) reject(error);
  });
  await acknowledged.promise;

  const lane: Lane = {
    send(body) {
      const id = nextId;
      nextId += 1;
      return new Promise((resolve, reject) => {
        pending.set(id, { resolve, reject, answer: undefined });
        socket.write(toFrame(`{"id":"${id}","type":"subscribe","payload":${body.toString('latin1')}}`));
      });
    },
    [Symbol.dispose]: () => undefined,
  };
  return { lanes: Array.from({ length: count }, () => lane), [Symbol.dispose]: () => socket.destroy() };
}
