/** Finds the number of an event in the bytes of its message: parsing a thousand messages an event as JSON would make the
 * load process, not the server, what is measured. */

const NEEDLE = Buffer.from('"sequence":');
const ZERO = 48;

/** @returns the sequence in these bytes; 0 when there is none: the message is no event. */
export function findSequence(buffer: Buffer, start: number, end: number): number {
  const found = buffer.indexOf(NEEDLE, start);
  if (found < 0 || found >= end) return 0;
  return readDigits(buffer, found + NEEDLE.length, end);
}

/** Sequences in a stream of bytes without frames, whatever the chunks are cut at. */
export function createSequenceScanner(onSequence: (sequence: number) => void): (chunk: Buffer) => void {
  let rest: Buffer | undefined;
  return (chunk) => {
    const buffer = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    for (;;) {
      const found = buffer.indexOf(NEEDLE, at);
      if (found < 0) break;
      let end = found + NEEDLE.length;
      while (end < buffer.length && isDigit(buffer[end])) end += 1;
      // The digits may go on in the next chunk.
      if (end === buffer.length) break;
      onSequence(readDigits(buffer, found + NEEDLE.length, end));
      at = end;
    }
    rest = Buffer.from(buffer.subarray(Math.max(at, buffer.length - KEPT_BYTES)));
  };
}

/** The needle and the longest number. */
const KEPT_BYTES = NEEDLE.length + 10;

function readDigits(buffer: Buffer, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end && isDigit(buffer[at]); at += 1) value = value * 10 + (buffer[at] ?? 0) - ZERO;
  return value;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte < ZERO + 10;
}
