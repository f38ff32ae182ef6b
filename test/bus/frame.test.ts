/** Frames: whatever is packed comes out again, in pieces no larger than allowed. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { echoFrame, packFrames, parseFrame } from '../../src/bus/frame.ts';

/** The longest part of the longest topic just fits. */
const MAX_BYTES = 700;
const part = fc.oneof(fc.string({ maxLength: 60, unit: 'binary' }), fc.integer(), fc.constant({}), fc.constant(null));
const notices = fc.dictionary(fc.string({ maxLength: 20, unit: 'binary' }), fc.array(part, { maxLength: 40 }));

function texts(parts: readonly unknown[]): ReadonlySet<string> {
  return new Set(parts.map((each) => JSON.stringify(each)));
}

test('what is packed comes out again, in order, each part once, and no frame is too long', () => {
  fc.assert(
    fc.property(notices, (given) => {
      const packed = new Map(Object.entries(given).map(([topic, parts]) => [topic, texts(parts)]));
      const { frames, tooLarge } = packFrames('me', packed, MAX_BYTES);
      const found = new Map<string, string[]>();
      for (const text of frames) {
        expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MAX_BYTES);
        const frame = parseFrame(text);
        expect(frame.from).toBe('me');
        for (const [topic, parts] of frame.notices) {
          expect(parts.length).toBeGreaterThan(0);
          found.set(topic, [...(found.get(topic) ?? []), ...parts.map((each) => JSON.stringify(each))]);
        }
      }
      expect(tooLarge).toBe(0);
      const wanted = [...packed].filter(([, parts]) => parts.size > 0);
      expect([...found]).toEqual(wanted.map(([topic, parts]) => [topic, [...parts]]));
    }),
  );
});

test('few parts go into one frame', () => {
  const { frames } = packFrames(
    'me',
    new Map([
      ['a', texts([1, 2])],
      ['b', texts(['x'])],
    ]),
    MAX_BYTES,
  );
  expect(frames).toEqual(['{"from":"me","notices":[["a",[1,2]],["b",["x"]]]}']);
});

test('a part that fits no frame is left out and counted', () => {
  const { frames, tooLarge } = packFrames('me', new Map([['a', texts(['x'.repeat(MAX_BYTES), 'y'])]]), MAX_BYTES);
  expect({ frames: frames.length, tooLarge }).toEqual({ frames: 1, tooLarge: 1 });
});

test('an echo is a frame without notices', () => {
  expect(parseFrame(echoFrame('me'))).toEqual({ from: 'me', notices: [] });
});

test.each([
  '',
  'x',
  '1',
  'null',
  '[]',
  '{}',
  '{"from":1,"notices":[]}',
  '{"from":"","notices":[]}',
  '{"from":"x","notices":[["a"]]}',
])('%s is no frame', (text) => {
  expect(() => parseFrame(text)).toThrow(Error);
});
