/**
 * What a peer may send before it has said who it is. `ws` bounds a message by what those may send who are known, and
 * keeps all of it until it is whole: megabytes, of whoever likes to connect. Here the bytes below it are counted, and a
 * stranger's message is given up while it still comes.
 */
import type { Socket } from 'node:net';

/** More than any credentials. */
const MAX_MESSAGE_BYTES = 64 * 1024;
/** Of the frames that a message comes in, which are bounded in number, and of pings between them. */
const MAX_BESIDE_BYTES = 1_024;

export class StrangerBytes {
  readonly #isKnown: () => boolean;
  /** Since the last whole message; with what came with its end left out. */
  #unread = 0;

  /** @param connection that `ws` reads already. @param onTooMany told once; nothing that comes is read any more. */
  constructor(connection: Socket, isKnown: () => boolean, onTooMany: () => void) {
    this.#isKnown = isKnown;
    // Before `ws` sees a chunk, which may end a message, and after.
    const count = (chunk: Buffer): void => void (this.#unread += chunk.length);
    const check = (): void => {
      if (isKnown()) {
        connection.off('data', count).off('data', check);
      } else if (this.#unread > MAX_MESSAGE_BYTES + MAX_BESIDE_BYTES) {
        // `ws` does the same when it has enough: what still comes is dropped, so that the peer gets to read why.
        connection.removeAllListeners('data').resume();
        onTooMany();
      }
    };
    connection.prependListener('data', count).on('data', check);
  }

  /** A message is whole. @returns whether it may be handled. */
  accept(bytes: number): boolean {
    this.#unread = 0;
    return bytes <= MAX_MESSAGE_BYTES || this.#isKnown();
  }
}
