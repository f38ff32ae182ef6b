import { expect, test } from 'vitest';
import { demoRun } from '../../src/demo/demo-run.ts';
import { toWireEvent } from '../../src/cli/wire-event.ts';
import { EmitEventInput } from '../../src/domain/event.ts';

test('one seed tells one story, another tells it differently', () => {
  expect(demoRun({ seed: 1, fails: false })).toEqual(demoRun({ seed: 1, fails: false }));
  expect(demoRun({ seed: 2, fails: false })).not.toEqual(demoRun({ seed: 1, fails: false }));
});

test.each([
  { fails: false, last: 'TASK_COMPLETED' },
  { fails: true, last: 'TASK_FAILED' },
])('it takes about twenty seconds and ends with $last, and only with it', ({ fails, last }) => {
  const events = demoRun({ seed: 1, fails });
  const types = events.map((event) => event.eventType);
  expect(types.filter((type) => type === 'TASK_COMPLETED' || type === 'TASK_FAILED')).toEqual([last]);
  expect(types.at(-1)).toBe(last);
  expect(events.at(-1)?.atMs).toBeGreaterThan(15_000);
  expect(events.at(-1)?.atMs).toBeLessThan(25_000);
});

test('it shows what there is to see: several components, warnings, an error, a failure that is made good', () => {
  const events = demoRun({ seed: 1, fails: false });
  expect(new Set(events.map((event) => event.component)).size).toBeGreaterThanOrEqual(8);
  const types = events.map((event) => event.eventType);
  expect(types).toEqual(expect.arrayContaining(['WARNING', 'ERROR', 'DRUMMER_FAILED', 'SYNTHESIS_COMPLETED']));
});

test('whatever the seed, its events are in order of time and keep the rules', () => {
  for (let seed = 0; seed < 50; seed += 1) {
    const events = demoRun({ seed, fails: seed % 2 === 0 });
    expect(events.map((event) => event.atMs)).toEqual(events.map((event) => event.atMs).toSorted((a, b) => a - b));
    for (const { atMs: _atMs, ...event } of events) {
      const input = {
        ...event,
        taskId: 't',
        eventType: event.eventType.toLowerCase(),
        stage: event.stage.toLowerCase(),
      };
      expect(toWireEvent(EmitEventInput.parse(input))).toEqual({ ...event, taskId: 't' });
    }
  }
});
