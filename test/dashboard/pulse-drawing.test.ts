import { expect, test } from 'vitest';
import { drawPulse } from '../../src/dashboard/parts/pulse-drawing.ts';
import { addBeat, CELL_MS, cellOf, type Pulse } from '../../src/view/pulse.ts';
import { NOON } from './rows.ts';

const CELL = cellOf(NOON);

function pulseOf(...cells: readonly number[]): Pulse {
  const [first = 0, ...rest] = cells;
  const beat = (pulse: Pulse | undefined, cell: number) => addBeat(pulse, NOON + cell * CELL_MS);
  return rest.reduce(beat, beat(undefined, first));
}

/** Where its strokes begin, as cells from the left. */
function cells(path: string): readonly number[] {
  return Array.from(path.matchAll(/M([\d.]+)/g), ([, x]) => Math.floor(Number(x) / 4));
}

test('each beat stands in its cell, the newest apart, and silence lies between', () => {
  const { quiet, heard, newest, beats } = drawPulse(pulseOf(0, 2, 2, 4), CELL + 6, false);
  expect([cells(heard), cells(newest), cells(quiet), beats]).toEqual([[13, 15], [17], [14, 16, 18, 19], 4]);
});

test('of a task that fell silent more than a minute ago only the silence is left', () => {
  const { quiet, heard, newest, beats } = drawPulse(pulseOf(0, 1), CELL + 40, false);
  expect([cells(quiet).length, heard, newest, beats]).toEqual([20, '', '', 0]);
});

test('after the end there is no silence', () => {
  expect(cells(drawPulse(pulseOf(0, 2), CELL + 6, true).quiet)).toEqual([14]);
  const { quiet, heard, newest } = drawPulse(pulseOf(0), CELL + 40, true);
  expect([quiet, heard, newest]).toEqual(['', '', '']);
});

test('the key of the newest is another after each beat, and the same while time goes by', () => {
  const key = (pulse: Pulse, lastCell: number) => drawPulse(pulse, lastCell, false).newestKey;
  expect(key(pulseOf(0), CELL)).toBe(key(pulseOf(0), CELL + 9));
  expect(key(pulseOf(0), CELL)).not.toBe(key(pulseOf(0, 0), CELL));
  expect(key(pulseOf(0), CELL)).not.toBe(key(pulseOf(0, 1), CELL));
});
