/**
 * A `next` message of graphql-transport-ws as a whole WebSocket frame. The id stands last, so that everything before it
 * is the same for all watchers whose ids are of one length, and is made once for them.
 */
import { utf8AsLatin1, type Encode, type Encoder, type Frame } from './frame.ts';

const START = '{"type":"next","payload":';
/** Ids up to this length share what is made of a frame; a client that makes longer ones pays for them alone. */
const MAX_SHARED_LENGTH = 256;

export interface NextFrames {
  /** What writes frames for the operation of that id, as bytes. */
  encoderFor(id: string): Encoder;
}

export function createNextFrames(): NextFrames {
  /** By the length of what follows. */
  const heads: (Encode | undefined)[] = [];

  function headBefore(length: number): Encode {
    if (length > MAX_SHARED_LENGTH) return (frame) => headOf(frame, length);
    const known = heads[length];
    if (known !== undefined) return known;
    const head: Encode = (frame) => headOf(frame, length);
    heads[length] = head;
    return head;
  }

  return {
    encoderFor(id) {
      const end = utf8AsLatin1(`,"id":${JSON.stringify(id)}}`);
      return { shared: headBefore(end.length), end };
    },
  };
}

function headOf({ json }: Frame, endLength: number): string {
  return frameHeader(START.length + json.length + endLength) + START + json;
}

/** A message as a frame. @returns bytes, each as one character. */
export function textFrame(text: string): string {
  const bytes = utf8AsLatin1(text);
  return frameHeader(bytes.length) + bytes;
}

/** Of a whole, unmasked text frame: RFC 6455, section 5.2. @returns bytes, each as one character. */
function frameHeader(length: number): string {
  if (length < 126) return String.fromCharCode(0x81, length);
  if (length < 65_536) return String.fromCharCode(0x81, 126, length >> 8, length & 0xff);
  const bytes = Buffer.alloc(10);
  bytes.writeUInt16BE(0x81_7f, 0);
  bytes.writeBigUInt64BE(BigInt(length), 2);
  return bytes.toString('latin1');
}
