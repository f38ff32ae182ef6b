/** As much of RFC 6455 as the load client needs: whole server frames in, small client frames out. */

export const OPCODE = Object.freeze({ text: 1, close: 8, ping: 9, pong: 10 } as const);

/** Called with the place of a frame's payload in a buffer that is only valid during the call. */
export type OnFrame = (buffer: Buffer, start: number, end: number, opcode: number) => void;

/** @returns takes chunks as they come; frames that are cut by a chunk's end wait for the rest. */
export function createFrameReader(onFrame: OnFrame): (chunk: Buffer) => void {
  let rest: Buffer | undefined;
  return (chunk) => {
    const buffer = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    while (at + 2 <= buffer.length) {
      const short = (buffer[at + 1] ?? 0) & 0x7f;
      const start = at + (short < 126 ? 2 : short === 126 ? 4 : 10);
      if (start > buffer.length) break;
      const length =
        short < 126 ? short : short === 126 ? buffer.readUInt16BE(at + 2) : Number(buffer.readBigUInt64BE(at + 2));
      if (start + length > buffer.length) break;
      onFrame(buffer, start, start + length, (buffer[at] ?? 0) & 0x0f);
      at = start + length;
    }
    // A copy: the buffer is the socket's, which reads into it again.
    rest = at === buffer.length ? undefined : Buffer.from(buffer.subarray(at));
  };
}

/** A client must mask; masking with zeros changes nothing, so that the text can be made beforehand. */
export function toFrame(payload: string | Buffer, opcode: number = OPCODE.text): Buffer {
  const bytes = Buffer.from(payload);
  const { length } = bytes;
  const head = Buffer.alloc((length < 126 ? 2 : length < 65_536 ? 4 : 10) + 4);
  head[0] = 0x80 | opcode;
  if (length < 126) head[1] = 0x80 | length;
  else if (length < 65_536) {
    head[1] = 0x80 | 126;
    head.writeUInt16BE(length, 2);
  } else {
    head[1] = 0x80 | 127;
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat([head, bytes]);
}
