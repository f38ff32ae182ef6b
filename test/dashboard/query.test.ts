import { expect, test } from 'vitest';
import { find, nextSort, readQuery, SORTS, sortParameter } from '../../src/dashboard/board/query.ts';
import { idsOf, NOON, rowsOf } from './rows.ts';

const ROWS = rowsOf(
  { id: 'nine', title: 'Survey 9', displayProgress: 0.9, startedMs: 1, saidMs: 4, labels: ['night'] },
  { id: 'ten', title: 'survey 10', displayProgress: 0.1, startedMs: 2, saidMs: 3, said: 'WARNING Slow' },
  { id: 'done', title: 'Café', status: 'COMPLETED', stage: 'COMPLETE', displayProgress: 1, startedMs: 3, saidMs: 2 },
  {
    id: 'over',
    status: 'FAILED',
    stage: 'FAILED',
    displayProgress: 0.5,
    startedMs: 4,
    saidMs: 1,
    said: 'TASK_FAILED No',
  },
);

function shown(address: string): string {
  return idsOf(find(ROWS, readQuery(new URLSearchParams(address)), NOON).rows);
}

test.each([
  ['', 'over done ten nine'],
  ['status=running', 'ten nine'],
  ['status=completed', 'done'],
  ['status=failed', 'over'],
  ['status=trouble', 'over ten'],
  ['stage=COMPLETE', 'done'],
  ['q=cafe', 'done'],
  ['q=SURVEY', 'ten nine'],
  ['q=survey+night', 'nine'],
  ['q=slow', 'ten'],
  ['q=nine', 'nine'],
  ['q=nobody', ''],
  ['status=nonsense&sort=nonsense', 'over done ten nine'],
  ['sort=-started', 'nine ten done over'],
  ['sort=said', 'nine ten done over'],
  ['sort=progress', 'done nine over ten'],
  ['sort=-progress', 'ten over nine done'],
  ['sort=name', 'done over nine ten'],
  ['sort=-name', 'ten nine over done'],
])('an address with %j shows %j', (address, ids) => {
  expect(shown(address)).toBe(ids);
});

test('each status says how many there are under the other conditions', () => {
  const counts = (address: string) => find(ROWS, readQuery(new URLSearchParams(address)), NOON).counts;
  expect(counts('status=failed')).toEqual({ all: 4, running: 2, trouble: 2, completed: 1, failed: 1 });
  expect(counts('q=survey')).toEqual({ all: 2, running: 2, trouble: 1, completed: 0, failed: 0 });
});

test('a column begins with what is most wanted of it, and turns round the second time', () => {
  const by = (sort: string | undefined) => readQuery(new URLSearchParams({ sort: sort ?? '' }));
  for (const sort of SORTS) {
    const first = by(nextSort(by(sort === 'name' ? 'said' : 'name'), sort));
    expect([first.sort, first.isDescending]).toEqual([sort, sort !== 'name']);
    const second = by(nextSort(first, sort));
    expect([second.sort, second.isDescending]).toEqual([sort, sort === 'name']);
  }
});

test('what the address says of the order is what it reads', () => {
  for (const sort of SORTS) {
    for (const isDescending of [true, false]) {
      const params = new URLSearchParams({ sort: sortParameter(sort, isDescending) ?? '' });
      expect(readQuery(params)).toMatchObject({ sort, isDescending });
    }
  }
});

test('of equals the newer stand first, and each keeps its place, whatever order they come in', () => {
  const rows = rowsOf({ id: 'b' }, { id: 'a' }, { id: 'c', startedMs: 1 });
  const query = readQuery(new URLSearchParams('sort=progress'));
  expect(idsOf(find(rows, query, NOON).rows)).toBe('c a b');
  expect(idsOf(find(rows.toReversed(), query, NOON).rows)).toBe('c a b');
});
