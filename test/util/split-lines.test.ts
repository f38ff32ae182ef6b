import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { LineError, splitLines, type Line } from '../../src/util/split-lines.ts';

async function* chunksOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function collect(lines: AsyncIterable<Line>): Promise<Line[]> {
  const all: Line[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

test('lines are the same however the bytes are cut, inside a character too', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.string({ unit: 'grapheme' })), fc.integer({ min: 1, max: 7 }), async (texts, size) => {
      const lines = texts.map((text) => `${text.replaceAll(/[\r\n]/g, '')}.`);
      const bytes = new TextEncoder().encode(lines.join('\n'));
      const read = await collect(splitLines(chunksOf(bytes, size), 1_000));
      expect(read).toEqual(lines.map((text, index) => ({ number: index + 1, text })));
    }),
  );
});

test('a carriage return before the line break, and a last line break, are not part of a line', async () => {
  const bytes = new TextEncoder().encode('a\r\n\r\nb\n');
  expect((await collect(splitLines(chunksOf(bytes, 2), 10))).map((line) => line.text)).toEqual(['a', '', 'b']);
});

test('a line that is no UTF-8 is an error with its number', async () => {
  const bytes = new Uint8Array([0x61, 0x0a, 0xff, 0xfe, 0x0a]);
  await expect(collect(splitLines(chunksOf(bytes, 3), 10))).rejects.toMatchObject({ name: 'LineError', lineNumber: 2 });
});

test('a line without an end is refused before it fills the memory', async () => {
  let given = 0;
  async function* endless(): AsyncGenerator<Uint8Array> {
    while (true) {
      given += 1_000;
      yield new Uint8Array(1_000).fill(0x61);
    }
  }
  await expect(collect(splitLines(endless(), 10_000))).rejects.toBeInstanceOf(LineError);
  expect(given).toBeLessThan(20_000);
});
