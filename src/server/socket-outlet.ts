/**
 * What goes out over one WebSocket. Messages of the protocol go by `ws`, and each waits for its reader; frames that are
 * ready go straight to the connection below it, in the same order. Of a peer that sends without reading nothing more is
 * read until it has caught up, or our answers would pile up without end.
 */
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { createWriteWatch } from './heartbeat.ts';
import type { Outlet } from './pump.ts';

export interface SocketOutlet extends Outlet {
  /** Since when a message waits for its reader, by `performance.now()`; undefined while none does. */
  readonly waitingSince: number | undefined;
  /** What was handed over for the reader since the connection began. */
  readonly bytesWritten: number;
  /** Resolves when the operating system took the text, or the socket is gone. */
  send(text: string): Promise<void>;
}

/** What may wait for a peer before it is read no further. */
const MAX_WAITING_BYTES = 1024 * 1024;

/** @param connection below the socket: the one that was upgraded. Without compression `ws` writes to it at once. */
export function createSocketOutlet(socket: WebSocket, connection: Socket): SocketOutlet {
  const watch = createWriteWatch();
  let waiting: (() => void)[] | undefined;
  let isFull = false;

  connection.on('drain', () => {
    if (isFull) watch.finished();
    isFull = false;
    const resumed = waiting ?? [];
    waiting = undefined;
    for (const resume of resumed) resume();
  });

  return {
    get waitingSince() {
      return watch.waitingSince;
    },
    get bytesWritten() {
      return connection.bytesWritten;
    },
    write(bytes) {
      // A stream whose socket is closing stands still until it is left, or it would run to its end for nobody.
      if (socket.readyState !== socket.OPEN) return false;
      if (connection.write(bytes, 'latin1')) return true;
      if (!isFull) watch.started();
      isFull = true;
      return false;
    },
    whenWritable: (resume) => void (waiting ??= []).push(resume),
    send(text) {
      if (socket.readyState !== socket.OPEN) return new Promise((resolve) => socket.once('close', () => resolve()));
      return new Promise((resolve) => {
        watch.started();
        socket.send(text, () => {
          watch.finished();
          if (socket.isPaused && socket.bufferedAmount <= MAX_WAITING_BYTES) socket.resume();
          resolve();
        });
        if (socket.bufferedAmount > MAX_WAITING_BYTES) socket.pause();
      });
    },
  };
}
