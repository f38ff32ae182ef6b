/** Many readers that go through a long log from its start cost the store what one does. */
import { expect, test } from 'vitest';
import { newEvents, numbers, oneTo } from '../../src/conformance/event-log/support.ts';
import { openMemoryLog } from '../../src/log/memory-log.ts';
import { withTailCache } from '../../src/log/tail-cache.ts';
import { wrapLog, type Around } from '../support/wrapped-log.ts';

const LIMITS = { maxEventsPerTask: 20, pageEvents: 10 };

test('a hundred readers from the start have each page read once, whatever their page size and place', async () => {
  const inner = openMemoryLog();
  await inner.append(newEvents('task', 300));
  let reads = 0;
  const counting: Around = ({ name }, proceed) => {
    if (name === 'read') reads += 1;
    return proceed();
  };
  await using log = withTailCache(wrapLog(inner, counting), LIMITS);
  const readers = oneTo(100).map(async (index) => {
    const seen: number[] = [];
    let after = index % 7;
    while (after < 300) {
      const page = await log.read('task', { after, limit: 3 + (index % 8) });
      seen.push(...numbers(page));
      after = page.at(-1)?.seq ?? 300;
    }
    expect(seen).toEqual(oneTo(300).slice(index % 7));
  });
  await Promise.all(readers);
  // 30 pages, and what each reader that is near the head asks for.
  expect(reads).toBeLessThan(150);
});

test('what was trimmed is not told from memory', async () => {
  const inner = openMemoryLog();
  await inner.append(newEvents('task', 100));
  await using log = withTailCache(inner, LIMITS);
  expect(numbers(await log.read('task', { after: 0, limit: 10 }))).toEqual(oneTo(10));
  await log.trim('task', 5);
  expect(numbers(await log.read('task', { after: 0, limit: 10 }))).toEqual(oneTo(15).slice(5));
});

test('what is kept stays within its bounds, and a page that had to go is read again', async () => {
  const inner = openMemoryLog();
  await inner.append(newEvents('task', 300));
  await using log = withTailCache(inner, { ...LIMITS, maxPageBytes: 12_000 });
  for (const _round of oneTo(3)) {
    for (let after = 0; after < 250; after += 10) {
      expect(numbers(await log.read('task', { after, limit: 10 }))).toEqual(oneTo(after + 10).slice(after));
    }
  }
});
