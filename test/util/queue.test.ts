import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createQueue } from '../../src/util/queue.ts';

test('gives back what was put in, in that order, whatever is done in between', () => {
  const step = fc.oneof(
    fc.record({ push: fc.integer({ min: 1, max: 3_000 }) }),
    fc.record({ shift: fc.integer({ min: 1, max: 3_000 }) }),
    fc.record({ keep: fc.integer({ min: 2, max: 5 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const queue = createQueue<number>();
      let model: number[] = [];
      let made = 0;
      const taken: unknown[] = [];
      const expected: unknown[] = [];
      for (const one of steps) {
        if ('push' in one) {
          for (let count = 0; count < one.push; count += 1) {
            queue.push((made += 1));
            model.push(made);
          }
        } else if ('shift' in one) {
          for (let count = 0; count < one.shift; count += 1) {
            taken.push(queue.shift());
            expected.push(model.shift());
          }
        } else {
          const { keep } = one;
          queue.keep((item) => item % keep === 0);
          model = model.filter((item) => item % keep === 0);
        }
        taken.push(queue.length);
        expected.push(model.length);
      }
      expect(taken).toEqual(expected);
    }),
    { numRuns: 50 },
  );
});
