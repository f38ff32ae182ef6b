/**
 * What goes out over one WebSocket: frames that are ready and messages of the protocol, in order, straight to the
 * connection below it. An answer is two messages, and answers that waited for one commit come together: what is said
 * in one go is one write. Of a peer that sends without reading nothing more is read until it has caught up, or our
 * answers would pile up without end.
 */
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { Resumable } from '../util/turns.ts';
import { WriteWatch } from './heartbeat.ts';
import type { Outlet } from './pump.ts';
import { textFrame } from './websocket-frame.ts';

/** What may wait for a peer before it is read no further. */
const MAX_WAITING_BYTES = 1024 * 1024;
/** What is gathered for one write. */
const MAX_GATHERED = 64 * 1024;

export class SocketOutlet implements Outlet {
  readonly #socket: WebSocket;
  readonly #connection: Socket;
  readonly #watch = new WriteWatch();
  #waiting: Resumable[] | undefined;
  #isFull = false;
  /** Said, and not written yet: only until the promises that are due have run. */
  #gathered: string | undefined;
  #sent: (() => void)[] = [];

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
    if (this.#gathered !== undefined) {
      this.#gathered += bytes;
      if (this.#gathered.length >= MAX_GATHERED) this.#flush();
      return !this.#isFull;
    }
    return this.#put(bytes);
  }

  #put(bytes: string, taken?: () => void): boolean {
    if (this.#connection.write(bytes, 'latin1', taken)) return true;
    if (!this.#isFull) this.#watch.started();
    this.#isFull = true;
    return false;
  }

  whenWritable(writer: Resumable): void {
    (this.#waiting ??= []).push(writer);
  }

  /** Everything from now until the promises that are due have run goes out in one write. */
  gather(): void {
    if (this.#gathered !== undefined) return;
    this.#gathered = '';
    process.nextTick(() => this.#flush());
  }

  #flush(): void {
    const bytes = this.#gathered;
    if (bytes === undefined) return;
    const sent = this.#sent;
    this.#gathered = undefined;
    this.#sent = [];
    if (bytes === '') return;
    const socket = this.#socket;
    this.#watch.started();
    this.#put(bytes, () => {
      this.#watch.finished();
      if (socket.isPaused && socket.bufferedAmount <= MAX_WAITING_BYTES) socket.resume();
      for (const resolve of sent) resolve();
    });
    if (socket.bufferedAmount > MAX_WAITING_BYTES) socket.pause();
  }

  /** Resolves when the operating system took the text, or the socket is gone. */
  send(text: string): Promise<void> {
    const socket = this.#socket;
    return new Promise((resolve) => {
      if (socket.readyState !== socket.OPEN) {
        socket.once('close', () => resolve());
        return;
      }
      this.gather();
      this.#sent.push(resolve);
      this.write(textFrame(text));
    });
  }

  /** After what was said before. */
  close(code?: number, reason?: string): void {
    this.#flush();
    this.#socket.close(code, reason);
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
