/**
 * One result, ready to be sent: its JSON text as UTF-8, and what a client hands back to go on after it. A frame is
 * shared by all its watchers, and so is what each transport makes of it.
 */
import type { ExecutionResult } from 'graphql';
import { toPayload } from './errors.ts';

/** What a transport makes of a frame: bytes, each as one character of a string (latin1). */
export type Encode = (frame: Frame) => string;

/** What one watcher's transport makes of frames: what is the same for many, and what ends its own. */
export interface Encoder {
  readonly shared: Encode;
  readonly end: string;
}

/** Event streams of two kinds, and ids of the few lengths that clients make; whoever has more pays for each anew. */
const MAX_KEPT = 8;

export class Frame {
  /** The result as JSON: the bytes of its UTF-8, each as one character. A socket takes such a string as it is. */
  readonly json: string;
  /** For `Last-Event-ID`, if the stream can be resumed. */
  readonly eventId: string | undefined;
  /** What it takes in memory, roughly. */
  readonly bytes: number;
  #encoded: Map<Encode, string> | undefined;
  #latest: Encode | undefined;
  #latestText = '';

  constructor(json: string, eventId: string | undefined) {
    this.json = utf8AsLatin1(json);
    this.eventId = eventId;
    // Its text, and what a transport makes of it.
    this.bytes = 2 * this.json.length + 200;
  }

  /** Made once for each encoder, as long as there are few of them. */
  encode(encode: Encode): string {
    if (this.#latest === encode) return this.#latestText;
    const encoded = (this.#encoded ??= new Map<Encode, string>());
    const text = encoded.get(encode) ?? encode(this);
    if (encoded.size < MAX_KEPT) encoded.set(encode, text);
    this.#latest = encode;
    this.#latestText = text;
    return text;
  }
}

/** @throws what `toJSON` of a value throws. */
export function resultFrame({ errors, ...result }: ExecutionResult, eventId?: string): Frame {
  return new Frame(
    JSON.stringify({ ...result, ...(errors === undefined ? {} : { errors: errors.map(toPayload) }) }),
    eventId,
  );
}

export function utf8AsLatin1(text: string): string {
  // Most texts are ASCII, and are what they become.
  return Buffer.byteLength(text) === text.length ? text : Buffer.from(text, 'utf8').toString('latin1');
}
