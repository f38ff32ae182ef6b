/** What grants let a viewer do: what is written, and nothing else. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ACTIONS,
  ANYONE,
  may,
  mayOnSome,
  parseGrant,
  tasksOf,
  toGrants,
  type Viewer,
} from '../../src/domain/viewer.ts';

function viewerWith(...grants: readonly string[]): Viewer {
  return { name: 'test', grants: toGrants(grants), expiresAt: Number.POSITIVE_INFINITY, credentials: [] };
}

test.each(['emit:*', 'read:run-42', 'admin:team-a/*', 'observe:a:b', 'read:a/b:c*'])('%s is a grant', (text) => {
  expect(parseGrant(text)).toBeDefined();
});

test.each([
  '',
  ':',
  'read',
  'read:',
  'write:*',
  'READ:*',
  'read:a b',
  'read:*a',
  'read:a**',
  'read:/a',
  `read:${'a'.repeat(130)}`,
])('%j is no grant', (text) => {
  expect(parseGrant(text)).toBeUndefined();
  expect(mayOnSome(viewerWith(text), 'read')).toBe(false);
});

test('an id is that id alone, a prefix all that begin so, a star every task and what concerns none', () => {
  const viewer = viewerWith('read:run-4', 'emit:team-a/*', 'observe:*');
  expect([may(viewer, 'read', 'run-4'), may(viewer, 'read', 'run-42'), may(viewer, 'read')]).toEqual([
    true,
    false,
    false,
  ]);
  expect([may(viewer, 'emit', 'team-a/1'), may(viewer, 'emit', 'team-b/1'), may(viewer, 'emit')]).toEqual([
    true,
    false,
    false,
  ]);
  expect([may(viewer, 'observe', 'any'), may(viewer, 'observe')]).toEqual([true, true]);
  expect([may(viewer, 'admin', 'run-4'), mayOnSome(viewer, 'admin')]).toEqual([false, false]);
});

test('admin is everything in its tasks, and nothing beyond them', () => {
  const viewer = viewerWith('admin:team-a/*');
  for (const action of ACTIONS) {
    expect([may(viewer, action, 'team-a/1'), may(viewer, action, 'team-b/1'), may(viewer, action)]).toEqual([
      true,
      false,
      false,
    ]);
  }
  expect(tasksOf(viewer, 'read')?.prefixes).toEqual(['team-a/']);
  expect(tasksOf(viewerWith('admin:*'), 'read')).toBeUndefined();
});

test('whoever need not say who they are may do everything', () => {
  for (const action of ACTIONS) expect(may(ANYONE, action) && may(ANYONE, action, 'a')).toBe(true);
});

describe('names of objects', () => {
  test.each(['constructor', 'toString', 'valueOf'])('%s is a task like any other', (taskId) => {
    expect(may(viewerWith('read:a'), 'read', taskId)).toBe(false);
    expect(may(viewerWith(`read:${taskId}`), 'read', taskId)).toBe(true);
  });

  test('__proto__ is no task id', () => {
    expect(may(viewerWith('read:__proto__', 'read:a'), 'read', '__proto__')).toBe(false);
  });
});

test('a viewer may act on a task exactly when one of its grants says so', () => {
  const id = fc.stringMatching(/^[a-c][a-c/]{0,3}$/);
  const tasks = fc.oneof(
    id,
    id.map((start) => `${start}*`),
    fc.constant('*'),
  );
  const grant = fc.tuple(fc.constantFrom(...ACTIONS), tasks);
  fc.assert(
    fc.property(fc.array(grant, { maxLength: 4 }), fc.constantFrom(...ACTIONS), id, (grants, action, taskId) => {
      const expected = grants.some(([granted, where]) => {
        const isMeant = where.endsWith('*') ? taskId.startsWith(where.slice(0, -1)) : taskId === where;
        return isMeant && (granted === action || granted === 'admin');
      });
      expect(may(viewerWith(...grants.map((parts) => parts.join(':'))), action, taskId)).toBe(expected);
    }),
  );
});
