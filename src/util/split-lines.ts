/** Bytes to lines, with bounded memory: a line that is too long or is no UTF-8 is an error with its number. */

export interface Line {
  /** 1 for the first. */
  readonly number: number;
  /** Without its line break. */
  readonly text: string;
}

export class LineError extends Error {
  override readonly name = 'LineError';
  readonly lineNumber: number;

  constructor(lineNumber: number, message: string) {
    super(message);
    this.lineNumber = lineNumber;
  }
}

export async function* splitLines(
  chunks: AsyncIterable<Uint8Array>,
  maxLineBytes: number,
): AsyncGenerator<Line, void, void> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest: Uint8Array = new Uint8Array();
  let number = 0;

  function toLine(bytes: Uint8Array): Line {
    number += 1;
    if (bytes.length > maxLineBytes) throw new LineError(number, `is longer than ${maxLineBytes} bytes`);
    try {
      const text = decoder.decode(bytes);
      return { number, text: text.endsWith('\r') ? text.slice(0, -1) : text };
    } catch {
      throw new LineError(number, 'is not UTF-8');
    }
  }

  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, from)) {
      yield toLine(joined(rest, chunk.subarray(from, at)));
      rest = new Uint8Array();
      from = at + 1;
    }
    rest = joined(rest, chunk.subarray(from));
    // It can only grow from here: do not hold more of it.
    if (rest.length > maxLineBytes) toLine(rest);
  }
  if (rest.length > 0) yield toLine(rest);
}

const NEWLINE = 0x0a;

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  if (first.length === 0) return second;
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}
