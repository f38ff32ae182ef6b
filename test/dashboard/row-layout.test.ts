import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRowLayout } from '../../src/dashboard/run/row-layout.ts';

const rows = fc.uniqueArray(
  fc.record({ index: fc.integer({ min: 0, max: 199 }), extra: fc.integer({ min: 0, max: 500 }) }),
  { selector: ({ index }) => index, maxLength: 12 },
);

test('rows stand below each other, and each pixel belongs to one', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 60 }), rows, (count, height, open) => {
      const layout = createRowLayout(count, height, open);
      let top = 0;
      for (let index = 0; index < count; index += 1) {
        const own = height + (open.find((row) => row.index === index)?.extra ?? 0);
        expect(layout.topOf(index)).toBe(top);
        expect(layout.indexAt(top)).toBe(index);
        expect(layout.indexAt(top + own - 1)).toBe(index);
        top += own;
      }
      expect(layout.total).toBe(top);
      expect(layout.indexAt(top + 10_000)).toBe(count - 1);
      expect(layout.indexAt(-10)).toBe(0);
    }),
  );
});

test('an empty list has no height', () => {
  expect(createRowLayout(0, 28, [{ index: 3, extra: 10 }]).total).toBe(0);
});
