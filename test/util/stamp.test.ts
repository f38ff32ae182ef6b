import { expect, test } from 'vitest';
import { createStamp } from '../../src/util/stamp.ts';

test('is remembered on the object itself, and shows nowhere', () => {
  const one = createStamp<object, number>();
  const other = createStamp<object, string>();
  const plain = { a: 1 };
  const frozen = Object.freeze({ a: 1 });
  for (const object of [plain, frozen]) {
    expect(one.get(object)).toBeUndefined();
    one.set(object, 1);
    one.set(object, 2);
    other.set(object, 'x');
    expect([one.get(object), other.get(object)]).toEqual([2, 'x']);
    expect(object).toStrictEqual({ a: 1 });
    expect([JSON.stringify(object), Reflect.ownKeys(object)]).toEqual(['{"a":1}', ['a']]);
    expect([one.get({ ...object }), one.get(structuredClone(object))]).toEqual([undefined, undefined]);
  }
});
