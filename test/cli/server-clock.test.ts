/** A terminal whose clock is not the server's says of a task what one with the server's clock says. */
import { describe, expect, test } from 'vitest';
import { renderFrame } from '../../src/cli/frame.ts';
import { createScreenFold } from '../../src/cli/screen.ts';
import type { TaskUpdate } from '../../src/client/index.ts';
import { at, recorded, snapshot } from '../client/updates.ts';
import { PLAIN } from './screens.ts';

const MINUTE_MS = 60_000;

/** By the server's clock, in seconds after noon. */
interface Heard {
  readonly at: number;
  readonly update: TaskUpdate;
}

/** The task's line at so many seconds after noon, by a clock that is so far ahead of the server's. */
function lineAt(seconds: number, aheadMs: number, heard: readonly Heard[]): string | undefined {
  const here = (second: number): number => Date.parse(at(second)) + aheadMs;
  const fold = createScreenFold('t', here(0));
  for (const { at: second, update } of heard) fold.fold(update, here(second));
  return renderFrame([fold.screen()], { ...PLAIN, nowMs: here(seconds) })[0];
}

/** Four events a second, each of which is here a little after it was recorded. */
const LIVE = [
  { at: 0, update: snapshot(0) },
  ...Array.from({ length: 40 }, (_, index): Heard => {
    const second = index / 4;
    return { at: second + 0.03 + (index % 3) * 0.02, update: recorded(index + 1, { recordedAt: at(second) }) };
  }),
];

/** All of them in a moment, at five minutes past noon. */
const CAUGHT_UP = LIVE.map(({ update }, index) => ({ at: 300 + index / 1_000, update }));

describe.each([5, -5, 24 * 60])('a clock that is %d minutes ahead', (minutes) => {
  const aheadMs = minutes * MINUTE_MS;

  test('does not silence a busy task', () => {
    const line = lineAt(10, aheadMs, LIVE);
    expect(line).toContain('4.0/s');
    expect(line).not.toContain('silent');
    expect(line).toBe(lineAt(10, 0, LIVE));
  });

  test('tells for how long one is silent that was busy', () => {
    expect(lineAt(70, aheadMs, LIVE)).toContain('silent for 1:00');
  });

  test('takes nothing from a rush of old events after those that were live', () => {
    const old = recorded(50, { recordedAt: at(20) });
    expect(lineAt(300, aheadMs, [...LIVE, { at: 299, update: old }])).toContain('silent for 4:39');
  });
});

test('events that are caught up on do not make a silent task look alive', () => {
  expect(lineAt(301, 0, CAUGHT_UP)).toContain('silent for 4:51');
});
