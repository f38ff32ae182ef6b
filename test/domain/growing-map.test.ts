/** Every version stays what it was, whatever grows out of it, and reads as a `Map` of the same history would. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { growingMap, withEntry } from '../../src/domain/growing-map.ts';

const Key = fc.oneof(fc.integer({ min: 0, max: 80 }).map(String), fc.constantFrom('__proto__', 'constructor'));
/** Which of the versions so far it grows out of, counted from the latest; mostly the latest. */
const Parent = fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat() });
const Step = fc.record({ parent: Parent, key: Key, value: fc.nat() });

interface Version {
  readonly map: ReadonlyMap<string, number>;
  readonly model: ReadonlyMap<string, number>;
}

function expectSame({ map, model }: Version): void {
  expect(map.size).toBe(model.size);
  expect([...map]).toEqual([...model]);
  expect([...map.entries()]).toEqual([...model]);
  expect([...map.keys()]).toEqual([...model.keys()]);
  expect([...map.values()]).toEqual([...model.values()]);
  const visited: [string, number][] = [];
  map.forEach((value, key, whole) => {
    expect(whole).toBe(map);
    visited.push([key, value]);
  });
  expect(visited).toEqual([...model]);
  for (const key of ['__proto__', 'constructor', 'toString', ...Array.from({ length: 82 }, (_, index) => `${index}`)]) {
    expect([map.has(key), map.get(key)]).toEqual([model.has(key), model.get(key)]);
  }
}

test.each([0, 15, 16, 17, 40])('each version, from %d entries on, is the Map of its history', (start) => {
  const entries = Array.from({ length: start }, (_, index): [string, number] => [`${index * 2}`, index]);
  fc.assert(
    fc.property(fc.array(Step, { maxLength: 60 }), (steps) => {
      const versions: Version[] = [{ map: growingMap(entries), model: new Map(entries) }];
      for (const { parent, key, value } of steps) {
        const from = versions[versions.length - 1 - (parent % versions.length)];
        if (from === undefined) throw new Error('no version');
        versions.push({ map: withEntry(from.map, key, value), model: new Map(from.model).set(key, value) });
      }
      for (const version of versions) expectSame(version);
    }),
    { numRuns: 40 },
  );
});

test('two of the same size made in two ways are equal to a comparison', () => {
  const entries = Array.from({ length: 50 }, (_, index): [string, number] => [`key-${index}`, index]);
  let grown = growingMap<string, number>([]);
  for (const [key, value] of entries) grown = withEntry(grown, key, value);
  expect(grown).toEqual(growingMap(entries));
  expect(grown).not.toEqual(withEntry(grown, 'key-7', 70));
});
