/** The live area of a terminal, drawn for real and looked at through a small terminal. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createLiveArea } from '../../src/cli/live-area.ts';
import { createLivePicture } from '../../src/cli/live-picture.ts';
import { at, componentOf, ended, gap, recorded, snapshot } from '../client/updates.ts';
import { createOutput } from './host.ts';
import { showOnTerminal } from './terminal.ts';

const SIZE = { columns: 60, rows: 10 };

describe('the area', () => {
  test('is drawn over itself, and permanent lines stay above it in their order', () => {
    const output = createOutput(SIZE);
    const area = createLiveArea(output);
    area.draw([], ['a 1', 'b 1']);
    area.draw(['first'], ['a 2', 'b 2', 'c 2']);
    area.draw(['second', 'third'], ['a 3']);
    area.draw([], ['a 4', 'b 4']);
    area[Symbol.dispose]();
    expect(showOnTerminal(output.text)).toEqual(['first', 'second', 'third', 'a 4', 'b 4', '']);
  });

  test('clears a line before it writes it: after a full one some terminals would clear its last character', () => {
    const output = createOutput(SIZE);
    createLiveArea(output).draw(['above'], ['x'.repeat(60)]);
    expect(output.text).toContain(`\u001b[K${'x'.repeat(60)}\n`);
    expect(output.text).not.toContain('\u001b[K\n');
  });

  test('shows the cursor again in the end', () => {
    const output = createOutput(SIZE);
    createLiveArea(output)[Symbol.dispose]();
    expect(output.text.lastIndexOf('\u001b[?25h')).toBeGreaterThan(output.text.lastIndexOf('\u001b[?25l'));
  });

  test('after the window became narrow it climbs over the lines that were wrapped', () => {
    const output = createOutput(SIZE);
    const area = createLiveArea(output);
    area.draw([], ['x'.repeat(60), 'y'.repeat(10)]);
    output.resize(25, 10);
    const before = output.text.length;
    area.draw([], ['z']);
    expect(output.text.slice(before)).toContain('\u001b[4A');
  });
});

describe('a watched task', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: Date.parse(at(1)) });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  function open(terminal = SIZE, taskIds = ['t']) {
    const output = createOutput(terminal);
    const picture = createLivePicture({ taskIds, output, withColour: false, timeZone: 'UTC' });
    return { output, picture, screen: () => showOnTerminal(output.text) };
  }

  test('is drawn at most ten times a second, however fast its events come', async () => {
    const { output, picture } = open();
    picture.onConnection('t', { kind: 'connected', transport: 'websocket' });
    await picture.onUpdate('t', snapshot(0, [componentOf('camina')]));
    for (let sequence = 1; sequence <= 5_000; sequence += 1) {
      await picture.onUpdate('t', recorded(sequence));
      if (sequence % 500 === 0) await vi.advanceTimersByTimeAsync(100);
    }
    const drawings = output.text.split('\u001b[?2026h').length - 1;
    expect(drawings).toBeLessThanOrEqual(12);
    expect(output.text).toContain('event 5000');
  });

  test('goes on drawing its clock once a second while nothing comes', async () => {
    const { picture, screen } = open({ columns: 100, rows: 10 });
    picture.onConnection('t', { kind: 'connected', transport: 'websocket' });
    await picture.onUpdate('t', snapshot(1, [componentOf('camina')]));
    await vi.advanceTimersByTimeAsync(4_100);
    expect(screen()[0]).toContain('0:05');
    picture[Symbol.dispose]();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('keeps warnings, errors, gaps and reconnects above, and ends with its outcome', async () => {
    const { picture, screen } = open();
    picture.onConnection('t', { kind: 'connected', transport: 'websocket' });
    await picture.onUpdate('t', snapshot(1, [componentOf('camina')]));
    await picture.onUpdate('t', recorded(2, { eventType: 'WARNING', message: 'slow disk' }));
    await vi.advanceTimersByTimeAsync(100);
    picture.onConnection('t', { kind: 'lost', error: new Error('cut'), retryInMs: 10 });
    await vi.advanceTimersByTimeAsync(100);
    expect(screen().at(-3)).toContain('reconnecting');
    picture.onConnection('t', { kind: 'connected', transport: 'websocket' });
    await picture.onUpdate('t', gap(2, 'EXPIRED'));
    await picture.onUpdate('t', recorded(3, { eventType: 'ERROR', message: 'no disk' }));
    await picture.onUpdate(
      't',
      ended(4, 'FAILED', [componentOf('camina', { status: 'TASK_FAILED', message: 'gone' })]),
    );
    picture[Symbol.dispose]();
    expect(screen()).toEqual([
      '12:00:02 ! camina  slow disk',
      '12:00:01 · connected again; going on where it broke off',
      '12:00:02 ! gap  older events are no longer kept; the state',
      '           shown is whole',
      '12:00:03 ✗ camina  no disk',
      '✗ t        ━━━━━━━━━━ 100%  0:04  failed',
      '  ✗ camina ━━━━━─────  50%  gone',
      '✗ t failed after 4.0 s · 4 events, 1 warning, 1 error',
      '  first failure: 12:00:03 ✗ camina  no disk',
      '',
    ]);
  });

  test('too high for its terminal is cut while it runs, and whole in the end', async () => {
    const { picture, screen } = open({ columns: 60, rows: 4 });
    const components = ['camina', 'a_belter', 'b_belter', 'c_belter'].map((name) => componentOf(name));
    await picture.onUpdate('t', snapshot(1, components));
    await vi.advanceTimersByTimeAsync(100);
    expect(screen()).toHaveLength(4);
    await picture.onUpdate('t', ended(2, 'COMPLETED', components));
    picture[Symbol.dispose]();
    expect(screen().map((line) => line.replace(/ *[━╸─].*/, ''))).toEqual([
      '✓ t',
      '  ▸ camina',
      '  ▸ a_belter',
      '  ▸ b_belter',
      '  ▸ c_belter',
      '✓ t completed after 2.0 s · 2 events',
      '',
    ]);
  });

  test('that is not known yet is waited for, and said so', async () => {
    const { picture, screen } = open();
    picture.onConnection('t', { kind: 'connected', transport: 'websocket' });
    await vi.advanceTimersByTimeAsync(1_200);
    expect(screen()).toEqual(['○ t  no such task yet; waiting for it since 12:00:01', '']);
  });

  test('among others: what stays names its task, and what happens to their connection is said once', async () => {
    const { picture, screen } = open(SIZE, ['a', 'long']);
    for (const taskId of ['a', 'long']) {
      picture.onConnection(taskId, { kind: 'connected', transport: 'websocket' });
      await picture.onUpdate(taskId, snapshot(1, [componentOf('camina')]));
    }
    await picture.onUpdate('a', recorded(2, { eventType: 'WARNING', message: 'slow disk' }));
    for (const taskId of ['a', 'long']) {
      picture.onConnection(taskId, { kind: 'lost', error: new Error('cut'), retryInMs: 10 });
    }
    await vi.advanceTimersByTimeAsync(100);
    expect(screen().filter((line) => line.includes('reconnecting'))).toHaveLength(2);
    picture.onConnection('a', { kind: 'connected', transport: 'websocket' });
    await vi.advanceTimersByTimeAsync(100);
    expect(screen().join('\n')).not.toContain('connected again');
    picture.onConnection('long', { kind: 'connected', transport: 'websocket' });
    await picture.onUpdate('a', ended(3, 'COMPLETED', [componentOf('camina')]));
    await picture.onUpdate('long', ended(4, 'FAILED', [componentOf('camina')]));
    picture[Symbol.dispose]();
    expect(screen()).toEqual([
      '12:00:02 ! a     camina  slow disk',
      '12:00:01 · connected again; going on where it broke off',
      '✓ a        ━━━━━━━━━━ 100%  0:03  complete',
      '  ▸ camina ━━━━━─────  50%  words of camina',
      '✗ long     ━━━━━━━━━━ 100%  0:04  failed',
      '  ▸ camina ━━━━━─────  50%  words of camina',
      '✓ a    completed after 3.0 s · 3 events, 1 warning',
      '✗ long failed after 4.0 s · 4 events',
      '',
    ]);
  });

  test('that is deleted leaves the others, and those that have not ended have no outcome', async () => {
    const { picture, screen } = open(SIZE, ['a', 'b']);
    await picture.onUpdate('a', snapshot(1));
    await picture.onUpdate('b', snapshot(1));
    await picture.onDeleted('a');
    picture[Symbol.dispose]();
    expect(screen().map((line) => line.split(/ {2,}/).at(-1))).toEqual([
      'deleted',
      'analysis',
      '✗ a deleted after 1.0 s · 1 event',
      '',
    ]);
  });
});
