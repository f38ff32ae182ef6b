import { expect, test } from 'vitest';
import { foldUpdate, type TaskUpdate, type TaskView } from '../../src/client/index.ts';
import { componentOf, ended, gap, progressOf, recorded, snapshot } from './updates.ts';

function fold(...updates: readonly TaskUpdate[]): TaskView {
  const view = updates.reduce<TaskView | undefined>(foldUpdate, undefined);
  if (view === undefined) throw new Error('no updates');
  return view;
}

test('an event changes its own component, in its place, and no other', () => {
  const view = fold(
    snapshot(1, [componentOf('a'), componentOf('b')]),
    recorded(2, { component: 'a', message: 'new' }),
    recorded(3, { component: 'c' }),
  );
  expect([...view.components.values()].map(({ name, message }) => [name, message])).toEqual([
    ['a', 'new'],
    ['b', 'words of b'],
    ['c', 'event 3'],
  ]);
  expect(view).toMatchObject({ cursor: 'c3', hasEnded: false, progress: { sequence: 3 } });
});

test('a gap replaces everything that was known', () => {
  expect([...fold(snapshot(9, [componentOf('a')]), gap(2)).components]).toEqual([]);
});

test('TaskEnded ends it', () => {
  expect(fold(snapshot(1), ended(2)).hasEnded).toBe(true);
});

test('a view is not changed by the updates that come after it', () => {
  const before = fold(snapshot(1, [componentOf('a')]));
  foldUpdate(before, recorded(2, { component: 'a', message: 'new' }));
  expect(before.components.get('a')?.message).toBe('words of a');
});

test('an update of a kind that is not known yet keeps the components', () => {
  const before = fold(snapshot(1, [componentOf('a')]));
  // As a newer server would send it to a client of today.
  const unknown = { __typename: 'TaskPaused', cursor: 'c2', progress: progressOf(2) } as unknown as TaskUpdate;
  expect([...foldUpdate(before, unknown).components.keys()]).toEqual(['a']);
});
