/** DateTime and JSONObject: what comes in is what the domain judges, what goes out is what came in. */
import { parseValue, print, type ConstValueNode } from 'graphql';
import { expect, test } from 'vitest';
import { jsonToLiteral, literalToJson } from '../../src/schema/json-literal.ts';
import { createHarness, GOOD_EVENT, type Harness } from './harness.ts';

const EVENT = `mutation ($input: EmitEventInput!) {
  emitEvent(input: $input) { event { timestamp recordedAt details } }
}`;

interface Emitted {
  readonly emitEvent: {
    readonly event: { readonly timestamp: string; readonly recordedAt: string; readonly details: unknown };
  };
}

async function emit(
  harness: Harness,
  patch: Readonly<Record<string, unknown>>,
): Promise<Emitted['emitEvent']['event']> {
  const { emitEvent } = await harness.ask<Emitted>(EVENT, { input: { ...GOOD_EVENT, ...patch } });
  return emitEvent.event;
}

/** `details` written into the document itself. */
function emitLiteral(details: string): string {
  return `mutation { emitEvent(input: {
    taskId: "survey", eventType: TASK_STARTED, component: "camina", stage: PLANNING, message: "", details: ${details}
  }) { event { details } } }`;
}

test.each([
  ['2026-11-23T06:37:34.799Z', '2026-11-23T06:37:34.799Z'],
  ['2026-11-23T06:37:34Z', '2026-11-23T06:37:34.000Z'],
  ['2026-11-23T08:37:34.7999+02:00', '2026-11-23T06:37:34.799Z'],
  ['1970-01-01T00:00:00Z', '1970-01-01T00:00:00.000Z'],
  ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
])('the instant %s is shown as %s: UTC, with milliseconds', async (timestamp, shown) => {
  await using harness = createHarness();
  const event = await emit(harness, { timestamp });
  expect(event.timestamp).toBe(shown);
  expect(new Date(event.recordedAt).toISOString()).toBe(event.recordedAt);
});

const OBJECTS: readonly (readonly [string, unknown])[] = [
  ['empty', {}],
  [
    'of every kind',
    { text: 'ü\u0000\n"', yes: true, no: false, none: null, list: [1, 'a', null, [], {}], nested: { a: {} } },
  ],
  ['with numbers at the limits', { max: 2 ** 53 - 1, min: -(2 ** 53 - 1), tiny: 5e-324, half: 2 ** 51 + 0.5 }],
  ['with keys that no GraphQL name can be', { 'a b': 1, '': 2, ключ: 3, '"': 4 }],
  ['with keys of Object.prototype', { toString: 1, hasOwnProperty: 2, valueOf: 3 }],
];

test.each(OBJECTS)('a JSON object %s comes back unchanged', async (_title, details) => {
  await using harness = createHarness();
  expect((await emit(harness, { details })).details).toEqual(details);
});

test('the order of keys is kept', async () => {
  await using harness = createHarness();
  const { details } = await emit(harness, { details: { z: 1, a: 2, m: { y: 1, b: 2 } } });
  expect(JSON.stringify(details)).toBe('{"z":1,"a":2,"m":{"y":1,"b":2}}');
});

test('a JSON object written in the document is the same value as one in a variable', async () => {
  await using harness = createHarness();
  const { emitEvent } = await harness.ask<Emitted>(
    emitLiteral('{ run: 7, ratio: 0.5, words: ["a", true, null, ENUM], deep: { text: "x" } }'),
  );
  expect(emitEvent.event.details).toEqual({
    run: 7,
    ratio: 0.5,
    words: ['a', true, null, 'ENUM'],
    deep: { text: 'x' },
  });
});

test('a variable inside of a JSON object is the value that it holds', async () => {
  await using harness = createHarness();
  const document = `mutation ($object: JSONObject, $int: Int, $left: String) { emitEvent(input: {
    taskId: "survey", eventType: TASK_STARTED, component: "camina", stage: PLANNING, message: "",
    details: { object: $object, list: [$int], left: $left }
  }) { event { details } } }`;
  const object = { a: [1.5, { b: null }], big: 2 ** 52, text: 'x' };
  const { emitEvent } = await harness.ask<Emitted>(document, { object, int: 3 });
  expect(emitEvent.event.details).toEqual({ object, list: [3] });
});

test('a variable inside of a JSON object hides nothing that would be refused', async () => {
  await using harness = createHarness();
  const document = `mutation ($object: JSONObject) { emitEvent(input: {
    taskId: "survey", eventType: TASK_STARTED, component: "camina", stage: PLANNING, message: "", details: { a: $object }
  }) { event { details } } }`;
  for (const text of ['{"b":1e999}', '{"b":9007199254740993}', '{"__proto__":{"b":1}}', '["b",-1e999]']) {
    const failures = await harness.fail(document, { object: JSON.parse(text) as unknown });
    expect({ text, failures }).toMatchObject({ text, failures: [{ code: 'BAD_USER_INPUT' }] });
  }
  await expect(harness.stored()).resolves.toBe(0);
});

test('the key __proto__ is a key, never a prototype, on every way in', async () => {
  await using harness = createHarness();
  const literal = literalToJson(parseValue('{ __proto__: { polluted: true } }') as ConstValueNode);
  expect(Object.keys(literal as object)).toEqual(['__proto__']);
  expect(Object.getPrototypeOf(literal)).toBe(Object.prototype);
  expect({}).not.toHaveProperty('polluted');

  await expect(harness.fail(emitLiteral('{ a: { __proto__: { polluted: true } } }'))).resolves.toEqual([
    { code: 'BAD_USER_INPUT', paths: ['input.details.a.__proto__'] },
  ]);
});

test('numbers that a double cannot hold arrive as such, to be refused', () => {
  const read = (text: string): unknown => literalToJson(parseValue(text) as ConstValueNode);
  expect(read('1e999')).toBe(Number.POSITIVE_INFINITY);
  expect(read('-1e999')).toBe(Number.NEGATIVE_INFINITY);
  expect(read('9007199254740993')).toBe(2 ** 53);
  expect(Number.isSafeInteger(read(`1${'0'.repeat(400)}`))).toBe(false);
});

test('a literal nested thousands of levels deep costs no stack, and stays too deep to be accepted', async () => {
  await using harness = createHarness();
  // Built by hand: the parser's own stack is not ours to test.
  let node: ConstValueNode = parseValue('{}') as ConstValueNode;
  for (let depth = 0; depth < 100_000; depth += 1) {
    node = { kind: 'ListValue', values: [node] } as ConstValueNode;
  }
  let levels = 0;
  for (let value: unknown = literalToJson(node); Array.isArray(value); value = value.at(0) as unknown) levels += 1;
  expect(levels).toBe(17);

  const deep = (levels: number): string => `${'{a:'.repeat(levels)}1${'}'.repeat(levels)}`;
  await harness.ask(emitLiteral(deep(16)));
  await expect(harness.fail(emitLiteral(deep(17)))).resolves.toMatchObject([{ code: 'BAD_USER_INPUT' }]);
  await expect(harness.fail(emitLiteral(deep(500)))).resolves.toMatchObject([{ code: 'BAD_USER_INPUT' }]);
});

test('a value turned into a literal is the value again', () => {
  for (const [, value] of OBJECTS) expect(literalToJson(jsonToLiteral(value))).toEqual(value);
  expect(print(jsonToLiteral({ a: [1, 'b', null, true] }))).toContain('"b"');
  expect(() => jsonToLiteral(undefined)).toThrow(TypeError);
});
