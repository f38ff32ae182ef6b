import { expect, test } from 'vitest';
import { freeOrder, heldOrder, type Order } from '../../src/dashboard/board/order.ts';
import type { BoardRow } from '../../src/dashboard/board/row.ts';
import { rowsOf } from './rows.ts';

function rows(ids: string): readonly BoardRow[] {
  return rowsOf(...ids.split(' ').map((id) => ({ id })));
}

function known(all: readonly BoardRow[]): ReadonlyMap<string, BoardRow> {
  return new Map(all.map((row) => [row.id, row]));
}

function drawn({ rows }: Order): string {
  return rows.map(({ row, isLeaving }) => (isLeaving ? `(${row.id})` : row.id)).join(' ');
}

test('held, every row stays in its place, whatever the order would be', () => {
  const sorted = rows('c a b');
  const order = heldOrder(freeOrder(rows('a b c')), sorted, known(sorted));
  expect(drawn(order)).toBe('a b c');
  expect([order.waiting, order.isStale]).toEqual([0, true]);
});

test('what is new waits and is counted; what is gone or matches no more stays, marked', () => {
  const all = rows('a b c x y');
  const sorted = all.filter(({ id }) => id !== 'b');
  const order = heldOrder(freeOrder(rows('a b c')), sorted, known(all));
  expect(drawn(order)).toBe('a (b) c');
  expect([order.waiting, order.isStale]).toEqual([2, false]);
});

test('its rows tell what is known now, of those that match no more as well', () => {
  const [before] = rowsOf({ id: 'a' });
  const [now] = rowsOf({ id: 'a', displayProgress: 0.9 });
  const held = freeOrder(before ? [before] : []);
  expect(heldOrder(held, now ? [now] : [], new Map()).rows[0]?.row).toBe(now);
  expect(heldOrder(held, [], known(now ? [now] : [])).rows[0]?.row).toBe(now);
  expect(heldOrder(held, [], new Map()).rows[0]?.row).toBe(before);
});

test('held for long, nothing adds up: one that comes back is one that never left', () => {
  const all = rows('a b c d');
  let order = freeOrder(all.slice(0, 3));
  order = heldOrder(order, all.slice(1), known(all));
  expect(drawn(order)).toBe('(a) b c');
  order = heldOrder(order, all, known(all));
  expect(drawn(order)).toBe('a b c');
  expect(order.waiting).toBe(1);
  expect(drawn(freeOrder(all))).toBe('a b c d');
});
