/** What a page and a terminal have in common is what the server knows. */
import { expect, test } from 'vitest';
import { EVENT_TYPES, PROGRESS_STAGES } from '../../src/domain/event.ts';
import { isTrouble, lookOf } from '../../src/view/look.ts';
import { STAGES } from '../../src/view/stages.ts';

test('the stages are those of the schema, in their order', () => {
  expect([...STAGES, 'FAILED']).toEqual(PROGRESS_STAGES.map((stage) => stage.toUpperCase()));
});

test('trouble is what warns or failed, and nothing else', () => {
  const types = EVENT_TYPES.map((type) => type.toUpperCase()).filter((type) => isTrouble(lookOf(type, 1)));
  const expected = EVENT_TYPES.map((type) => type.toUpperCase()).filter((type) =>
    /^(WARNING|ERROR|.*_FAILED)$/.test(type),
  );
  expect(types).toEqual(expected);
  expect(isTrouble(undefined)).toBe(false);
});
