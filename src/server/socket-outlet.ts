/**
 * What goes out over one WebSocket. Each message waits for its reader, so that its stream waits too; and of a peer
 * that sends without reading nothing more is read until it has caught up, or our answers would pile up without end.
 */
import type { WebSocket } from 'ws';
import { createWriteWatch } from './heartbeat.ts';

export interface SocketOutlet {
  /** Since when a message waits for its reader, by `performance.now()`; undefined while none does. */
  readonly waitingSince: number | undefined;
  /** Resolves when the operating system took the text, or the socket is gone. */
  send(text: string): Promise<void>;
}

/** What may wait for a peer before it is read no further. */
const MAX_WAITING_BYTES = 1024 * 1024;

export function createSocketOutlet(socket: WebSocket): SocketOutlet {
  const watch = createWriteWatch();
  const gone = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  return {
    get waitingSince() {
      return watch.waitingSince;
    },
    send(text) {
      // A stream whose socket is closing stands still until it is left, or it would run to its end for nobody.
      if (socket.readyState !== socket.OPEN) return gone;
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
