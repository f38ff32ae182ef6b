/** Lines of JSON, in both shapes, to events with ids that make a rerun safe. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createEventLineParser } from '../../src/cli/event-lines.ts';

const SNAKE = JSON.stringify({
  event_type: 'task_started',
  task_id: 't-1',
  timestamp: '2026-11-23T07:24:30.189909',
  component: 'camina',
  stage: 'planning',
  message: 'Survey 30 packages',
  details: { packages: 30 },
  progress: 0,
  estimated_time_remaining: null,
});

const CAMEL = JSON.stringify({
  taskId: 't-1',
  eventType: 'TASK_STARTED',
  timestamp: '2026-11-23T07:24:30.189Z',
  component: 'camina',
  stage: 'PLANNING',
  message: 'Survey 30 packages',
  details: { packages: 30 },
  progress: 0,
});

function parse(line: string, taskId?: string) {
  return createEventLineParser(taskId).parse(line);
}

function change(changes: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ ...(JSON.parse(SNAKE) as object), ...changes });
}

describe('shapes', () => {
  test("the seed's snake_case and the GraphQL input say the same", () => {
    const { eventId: _snakeId, ...snake } = parse(SNAKE);
    const { eventId: _camelId, ...camel } = parse(CAMEL);
    expect(snake).toEqual(camel);
    expect(snake).toEqual({
      taskId: 't-1',
      eventType: 'TASK_STARTED',
      timestamp: '2026-11-23T07:24:30.189Z',
      component: 'camina',
      stage: 'PLANNING',
      message: 'Survey 30 packages',
      details: { packages: 30 },
      progress: 0,
    });
  });

  test.each([
    ['2026-11-23T07:24:30', '2026-11-23T07:24:30.000Z'],
    ['2026-11-23 07:24:30.5', '2026-11-23T07:24:30.500Z'],
    ['2026-11-23T07:24:30+02:00', '2026-11-23T05:24:30.000Z'],
    ['2026-11-23T07:24:30.189909Z', '2026-11-23T07:24:30.189Z'],
  ])('a timestamp %s is %s: without a zone it is UTC', (timestamp, instant) => {
    expect(parse(change({ timestamp })).timestamp).toBe(instant);
  });

  test('every line of the recorded runs is accepted', () => {
    for (const name of ['code-survey', 'code-survey-failed']) {
      const parser = createEventLineParser();
      const lines = readFileSync(new URL(`../fixtures/${name}.jsonl`, import.meta.url), 'utf8')
        .trimEnd()
        .split('\n');
      expect(new Set(lines.map((line) => parser.parse(line).eventId)).size).toBe(lines.length);
    }
  });
});

describe('what is refused', () => {
  test.each([
    ['no JSON', '{"task_id":'],
    ['no object', '[]'],
    ['an unknown type', change({ event_type: 'task_paused' })],
    ['an unknown field', change({ colour: 'red' })],
    ['a field that tries to be a prototype', SNAKE.replace('{"event_type"', '{"__proto__":{},"event_type"')],
    ['a field in both spellings', change({ taskId: 't-2' })],
    ['progress beyond 1', change({ progress: 1.5 })],
    ['a day that does not exist', change({ timestamp: '2026-02-30T00:00:00' })],
    ['an integer that would lose digits', SNAKE.replace('"packages":30', '"packages":12345678901234567890')],
    ['a component with a line break', change({ component: 'a\nb' })],
  ])('%s', (_what, line) => {
    expect(() => parse(line)).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT' }));
  });
});

describe('event ids', () => {
  const idsOf = (lines: readonly string[], taskId?: string): string[] => {
    const parser = createEventLineParser(taskId);
    return lines.map((line) => parser.parse(line).eventId);
  };
  const other = change({ message: 'other' });

  test('are the same for the same line, whatever was put in between', () => {
    const [first, , last] = idsOf([SNAKE, other, CAMEL]);
    expect(idsOf([SNAKE, CAMEL])).toEqual([first, last]);
  });

  test('count equal lines, so that a line that is there twice is two events', () => {
    const [first, second, third] = idsOf([SNAKE, SNAKE, SNAKE]);
    expect(new Set([first, second, third]).size).toBe(3);
    expect(idsOf([SNAKE, other, SNAKE])).toEqual([first, expect.any(String), second]);
  });

  test('differ between tasks, so that one file can be played under many names', () => {
    const [own] = idsOf([SNAKE]);
    const [played] = idsOf([SNAKE], 't-2');
    expect(played).not.toBe(own);
    expect(parse(SNAKE, 't-2').taskId).toBe('t-2');
  });

  test('that a line brings are kept', () => {
    expect(idsOf([change({ event_id: 'mine' })])).toEqual(['mine']);
  });

  test('never change: a rerun after an upgrade adds nothing twice', () => {
    expect(idsOf(['{"taskId":"t","eventType":"ERROR","component":"c","stage":"REVIEW","message":"m"}'])).toEqual([
      'd55ddb7fd41528104298502d876165b32e594dc461153da7941e4d51e77e9e9a-1',
    ]);
  });
});
