/**
 * What goes out over one WebSocket. Messages of the protocol go by `ws`, and each waits for its reader; frames that are
 * ready go straight to the connection below it, in the same order. Of a peer that sends without reading nothing more is
 * read until it has caught up, or our answers would pile up without end.
 */
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { Resumable } from '../util/turns.ts';
import { WriteWatch } from './heartbeat.ts';
import type { Outlet } from './pump.ts';

/** What may wait for a peer before it is read no further. */
const MAX_WAITING_BYTES = 1024 * 1024;

export class SocketOutlet implements Outlet {
  readonly #socket: WebSocket;
  readonly #connection: Socket;
  readonly #watch = new WriteWatch();
  #waiting: Resumable[] | undefined;
  #isFull = false;

  /** @param connection below the socket: the one that was upgraded. Without compression `ws` writes to it at once. */
  constructor(socket: WebSocket, connection: Socket) {
    this.#socket = socket;
    this.#connection = connection;
    connection.on('drain', () => this.#drained());
  }

  /** Since when a message waits for its reader, by `performance.now()`; undefined while none does. */
  get waitingSince(): number | undefined {
    return this.#watch.waitingSince;
  }

  /** What was handed over for the reader since the connection began. */
  get bytesWritten(): number {
    return this.#connection.bytesWritten;
  }

  write(bytes: string): boolean {
    const socket = this.#socket;
    // A stream whose socket is closing stands still until it is left, or it would run to its end for nobody.
    if (socket.readyState !== socket.OPEN) return false;
    if (this.#connection.write(bytes, 'latin1')) return true;
    if (!this.#isFull) this.#watch.started();
    this.#isFull = true;
    return false;
  }

  whenWritable(writer: Resumable): void {
    (this.#waiting ??= []).push(writer);
  }

  /** Resolves when the operating system took the text, or the socket is gone. */
  send(text: string): Promise<void> {
    const socket = this.#socket;
    return new Promise((resolve) => {
      if (socket.readyState !== socket.OPEN) {
        socket.once('close', () => resolve());
        return;
      }
      this.#watch.started();
      socket.send(text, () => {
        this.#watch.finished();
        if (socket.isPaused && socket.bufferedAmount <= MAX_WAITING_BYTES) socket.resume();
        resolve();
      });
      if (socket.bufferedAmount > MAX_WAITING_BYTES) socket.pause();
    });
  }

  #drained(): void {
    if (this.#isFull) this.#watch.finished();
    this.#isFull = false;
    if (this.#socket.isPaused) this.#socket.resume();
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const writer of waiting) {
      // One that goes on may fill it again, and then the others wait on.
      if (this.#isFull) this.whenWritable(writer);
      else writer.resume();
    }
  }
}
