/** What people see of several tasks at once, of their rates, and of the time that components say they need. */
import { describe, expect, test } from 'vitest';
import { renderFrame } from '../../src/cli/frame.ts';
import type { Screen } from '../../src/cli/screen.ts';
import { at, componentOf, ended, gap, recorded, snapshot } from '../client/updates.ts';
import { PLAIN, screenOf, screenOfTask } from './screens.ts';

const DONE = { status: 'BELTER_COMPLETED', progress: 1 } as const;

const GOES_ON = screenOfTask(
  'build-7',
  snapshot(1, [componentOf('camina'), componentOf('old_belter', DONE), componentOf('new_belter')]),
  recorded(2, { component: 'bad_belter', eventType: 'BELTER_FAILED', message: 'gave up' }),
);
const OVER = screenOfTask(
  'nightly',
  snapshot(1, [componentOf('camina')]),
  ended(5, 'COMPLETED', [componentOf('camina', DONE)]),
);
const UNKNOWN = screenOfTask('later');

/** Up to the bar, or the words of a line that has none. */
function beginnings(lines: readonly string[]): string[] {
  return lines.map((line) => line.split(/ *[━╸─]/)[0]?.trimEnd() ?? '');
}

test('each task has a line, and its components stand below it, all in one grid', () => {
  expect(renderFrame([GOES_ON, OVER, UNKNOWN], { ...PLAIN, width: 80 })).toEqual([
    '▸ build-7      ━━━━━─────  50%        ▂▁▁▁   0.1/s  0:09  analysis',
    '  ▸ camina     ━━━━━─────  50%              words of camina',
    '  ✓ old_belter ━━━━━━━━━━ 100%              words of old_belter',
    '  ▸ new_belter ━━━━━─────  50%              words of new_belter',
    '  ✗ bad_belter ──────────   0%        ▂▁▁▁  gave up',
    '✓ nightly      ━━━━━━━━━━ 100%              0:05  complete',
    '  ✓ camina     ━━━━━━━━━━ 100%              words of camina',
    '○ later        no such task yet; waiting for it since 12:00:00',
  ]);
});

describe('a terminal that is too low', () => {
  const shown = (height: number): string[] => beginnings(renderFrame([GOES_ON, OVER, UNKNOWN], { ...PLAIN, height }));

  test('shows what is at work or in trouble, and counts the rest in one line', () => {
    expect(shown(6)).toEqual([
      '▸ build-7',
      '  ▸ camina',
      '  ✗ bad_belter',
      '✓ nightly',
      expect.stringMatching(/^○ later {5,}no such task/),
      '  … 3 components more:  ▸ 1  ✓ 2',
    ]);
  });

  test('shows tasks before components, and those that go on before those that are over', () => {
    expect(shown(3)).toEqual([
      '▸ build-7',
      expect.stringMatching(/^○ later {5,}no such task/),
      '  … 1 task and 5 components more:  ✗ 1  ▸ 2  ✓ 3',
    ]);
    expect(shown(1)).toEqual(['▸ build-7']);
  });

  test('gives each task its share', () => {
    const names = ['a_belter', 'b_belter', 'c_belter'];
    const [one, two] = ['one', 'two'].map((taskId) =>
      screenOfTask(
        taskId,
        snapshot(
          1,
          names.map((name) => componentOf(name)),
        ),
      ),
    );
    if (one === undefined || two === undefined) throw new Error('two tasks');
    expect(beginnings(renderFrame([one, two], { ...PLAIN, height: 6 }))).toEqual([
      '▸ one',
      '  ▸ a_belter',
      '  ▸ b_belter',
      '▸ two',
      '  ▸ a_belter',
      '  … 3 components more:  ▸ 3',
    ]);
  });

  test('shows tasks that are at work before those of which nothing was heard', () => {
    const silent = screenOfTask('silent', snapshot(0));
    const lines = renderFrame([silent, OVER, GOES_ON], { ...PLAIN, height: 2 });
    expect(beginnings(lines)[0]).toBe('▸ build-7');
  });

  test('leaves each row in its place while nothing comes that matters more', () => {
    const more = (message: string) => recorded(3, { component: 'new_belter', message });
    const later = screenOfTask('build-7', snapshot(1, [...(GOES_ON.view?.components.values() ?? [])]), more('on'));
    expect(beginnings(renderFrame([later], { ...PLAIN, height: 4 }))).toEqual(
      beginnings(renderFrame([GOES_ON], { ...PLAIN, height: 4 })),
    );
  });
});

test('a task that was deleted says so', () => {
  const [known, unknown] = renderFrame(
    [
      { ...GOES_ON, isDeleted: true },
      { ...UNKNOWN, isDeleted: true },
    ],
    {
      ...PLAIN,
      height: 3,
    },
  );
  expect(known).toMatch(/^✗ build-7 .* deleted$/);
  expect(unknown).toMatch(/^✗ later +deleted$/);
});

describe('the rate', () => {
  const burst = Array.from({ length: 30 }, (_, index) => recorded(2, { sequence: index }));
  const busy = screenOf(snapshot(1), ...burst, recorded(3, { component: 'x_belter', eventType: 'BELTER_ASSIGNED' }));

  test('is that of the task; on a wide terminal each component at work has its own, in a column', () => {
    expect(renderFrame([busy], { ...PLAIN, width: 80 })[0]).toContain('   3.9/s  0:09  analysis');
    const [task, camina, waiting] = renderFrame([busy], { ...PLAIN, width: 120 });
    expect(task).toContain('   3.9/s  0:09  analysis');
    expect(camina).toContain('   3.8/s  event 2');
    expect(waiting).not.toContain('/s');
  });

  test('moves nothing when it changes', () => {
    const columns = [busy, screenOf(snapshot(1))].map((screen) => renderFrame([screen], PLAIN)[0]?.indexOf('analysis'));
    // The name column of both is as wide.
    expect(columns[0]).toBe((columns[1] ?? 0) + '  x_belter'.length - 't'.length);
  });

  test('is gone when the task is over', () => {
    const over = screenOf(snapshot(1), recorded(2), ended(3, 'COMPLETED', [componentOf('camina', DONE)]));
    expect(renderFrame([over], { ...PLAIN, width: 160 }).join('\n')).not.toContain('/s');
  });
});

describe('a run that is replayed days later', () => {
  test('shows the time it took, not the time since', () => {
    const dayLaterMs = Date.parse(at(86_400));
    const replayed = { recordedAt: at(86_400 - 2) };
    const screen = screenOf(snapshot(1), recorded(4, replayed));
    expect(renderFrame([screen], { ...PLAIN, nowMs: dayLaterMs })[0]).toContain('  0:06  ');
  });
});

describe('the time that a component says it needs', () => {
  const said = recorded(2, { component: 'a_belter', progress: 0.2, estimatedTimeRemaining: '2 minutes' });
  const rowOf = (screen: Screen, width = 120): string => renderFrame([screen], { ...PLAIN, width })[1] ?? '';

  test('stands at the end of its row, in its own words', () => {
    expect(rowOf(screenOf(snapshot(1), said))).toMatch(/ {2}event 2 +eta 2 minutes$/);
  });

  test('lasts until it reports its progress without one', () => {
    const warned = recorded(3, { component: 'a_belter', eventType: 'WARNING', message: 'slow' });
    expect(rowOf(screenOf(snapshot(1), said, warned))).toMatch(/slow +eta 2 minutes$/);
    const went = recorded(4, { component: 'a_belter', progress: 0.4 });
    expect(rowOf(screenOf(snapshot(1), said, warned, went))).toMatch(/ {2}event 4$/);
  });

  test('is gone with the events behind a gap, with its component, and with its task', () => {
    const components = [componentOf('a_belter')];
    const afterGap = { ...gap(5), progress: { ...snapshot(5).progress, components } };
    expect(rowOf(screenOf(snapshot(1), said, afterGap))).not.toContain('eta');
    const completed = recorded(3, { component: 'a_belter', eventType: 'BELTER_COMPLETED', progress: 1 });
    expect(rowOf(screenOf(snapshot(1), said, completed))).not.toContain('eta');
    expect(rowOf(screenOf(snapshot(1), said, ended(3, 'FAILED', components)))).not.toContain('eta');
  });

  test('of the task is what its first component says: beside the title where there is no room for a column', () => {
    const both = screenOf(
      snapshot(1, [componentOf('camina')]),
      said,
      recorded(3, { progress: 0.1, estimatedTimeRemaining: '1 h' }),
    );
    expect(renderFrame([both], { ...PLAIN, width: 120 })[0]).toMatch(/analysis +eta 1 h$/);
    expect(renderFrame([both], { ...PLAIN, width: 80 })[0]).toMatch(/analysis · eta 1 h$/);
  });
});
