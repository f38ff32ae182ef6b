import { describe, expect, test } from 'vitest';
import type { Cursor } from '../../src/domain/cursor.ts';
import type { EventPageArgs } from '../../src/manager/reads.ts';
import { openMemoryLog } from '../../src/log/memory-log.ts';
import { openBench, TASK, type Bench } from './bench.ts';

async function read({ manager }: Bench, args: EventPageArgs) {
  const page = await manager.readEvents(TASK, args);
  if (page === undefined) throw new Error('the task is not known');
  return page;
}

async function seqs(bench: Bench, args: EventPageArgs): Promise<readonly number[]> {
  return (await read(bench, args)).items.map(({ seq }) => seq);
}

async function at({ log }: Bench, seq: number): Promise<Cursor> {
  return { seq, hash: (await log.progressAt(TASK, seq))?.hash ?? '' };
}

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

describe('walking', () => {
  test('forwards and backwards, any size of page gives each event once and in order', async () => {
    await using bench = openBench();
    await bench.emitSome(23);
    for (const size of [1, 5, 23, 50]) {
      const forwards: number[] = [];
      for (let after: Cursor | undefined, more = true; more;) {
        const page = await read(bench, { first: size, after });
        forwards.push(...page.items.map(({ seq }) => seq));
        [after, more] = [page.endCursor, page.hasNextPage];
      }
      expect(forwards).toEqual(range(1, 23));
      const backwards: number[] = [];
      for (let before: Cursor | undefined, more = true; more;) {
        const page = await read(bench, { last: size, before });
        backwards.unshift(...page.items.map(({ seq }) => seq));
        [before, more] = [page.startCursor, page.hasPreviousPage];
      }
      expect(backwards).toEqual(range(1, 23));
    }
  });

  test('after and before bound a page from both sides, with first and with last', async () => {
    await using bench = openBench();
    await bench.emitSome(10);
    const [after, before] = [await at(bench, 3), await at(bench, 8)];
    expect(await seqs(bench, { after, before })).toEqual([4, 5, 6, 7]);
    expect(await seqs(bench, { after, before, first: 2 })).toEqual([4, 5]);
    expect(await seqs(bench, { after, before, last: 2 })).toEqual([6, 7]);
    expect(await seqs(bench, { after: before, before: after })).toEqual([]);
    expect(await seqs(bench, { before: await at(bench, 0), last: 5 })).toEqual([]);
  });

  test('the page says whether there is more on each side, and its end can be followed by a stream', async () => {
    await using bench = openBench();
    await bench.emitSome(10);
    expect(await read(bench, { first: 4 })).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
    expect(await read(bench, { first: 4, after: await at(bench, 4) })).toMatchObject({
      hasNextPage: true,
      hasPreviousPage: true,
    });
    expect(await read(bench, { last: 4 })).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
    expect((await read(bench, {})).endCursor).toEqual(await at(bench, 10));
    expect((await read(bench, { first: 0, after: await at(bench, 4) })).endCursor).toEqual(await at(bench, 4));
  });

  test('a task without events is an empty page that has an end, an unknown one is no page', async () => {
    await using bench = openBench();
    expect(await bench.manager.readEvents(TASK, {})).toBeUndefined();
    await bench.manager.initTask({ taskId: TASK });
    const page = await read(bench, {});
    expect(page).toMatchObject({ items: [], hasNextPage: false, hasPreviousPage: false, startCursor: undefined });
    expect(page.endCursor).toEqual(await at(bench, 0));
  });

  test('50 events unless asked otherwise', async () => {
    await using bench = openBench();
    await bench.emitSome(120);
    expect(await seqs(bench, {})).toEqual(range(1, 50));
  });

  test('afterSequence begins just after that event, also beyond the head and below what is kept', async () => {
    await using bench = openBench();
    await bench.emitSome(10);
    expect(await seqs(bench, { afterSequence: 7 })).toEqual([8, 9, 10]);
    expect(await seqs(bench, { afterSequence: 0 })).toEqual(range(1, 10));
    expect(await seqs(bench, { afterSequence: 99 })).toEqual([]);
    await bench.log.trim(TASK, 4);
    expect(await seqs(bench, { afterSequence: 0 })).toEqual(range(5, 10));
  });
});

describe('filtered', () => {
  const filter = { components: ['camina'] };

  test('a filtered page looks at 10,000 events at most: it may be empty, and tells where to go on', async () => {
    await using bench = openBench();
    await bench.emitSome(12_000, { component: 'naomi' });
    await bench.emit();
    const first = await read(bench, { filter });
    expect(first).toMatchObject({ items: [], hasNextPage: true, startCursor: undefined });
    expect(first.endCursor).toEqual(await at(bench, 10_000));
    const second = await read(bench, { filter, after: first.endCursor });
    expect(second.items.map(({ seq }) => seq)).toEqual([12_001]);
    expect(second.hasNextPage).toBe(false);
  });

  test('backwards too: an empty page has a start cursor that goes on', async () => {
    await using bench = openBench();
    await bench.emit();
    await bench.emitSome(12_000, { component: 'naomi' });
    const first = await read(bench, { filter, last: 5 });
    expect(first).toMatchObject({ items: [], hasPreviousPage: true });
    expect(first.startCursor).toBeDefined();
    const second = await read(bench, { filter, last: 5, before: first.startCursor });
    expect(second.items.map(({ seq }) => seq)).toEqual([1]);
    expect(second.hasPreviousPage).toBe(false);
  });

  test('walking pages of any size finds exactly the matching events', async () => {
    await using bench = openBench();
    for (let round = 0; round < 7; round += 1) {
      await bench.emitSome(round, { component: 'naomi' });
      await bench.emitSome(2);
    }
    const wanted = (await read(bench, { first: 1_000 })).items.filter(({ component }) => component === 'camina');
    for (const size of [1, 2, 3, 100]) {
      const found: number[] = [];
      for (let after: Cursor | undefined, more = true; more;) {
        const page = await read(bench, { filter, first: size, after });
        found.push(...page.items.map(({ seq }) => seq));
        [after, more] = [page.endCursor, page.hasNextPage];
      }
      expect(found).toEqual(wanted.map(({ seq }) => seq));
      const backwards: number[] = [];
      for (let before: Cursor | undefined, more = true; more;) {
        const page = await read(bench, { filter, last: size, before });
        backwards.unshift(...page.items.map(({ seq }) => seq));
        [before, more] = [page.startCursor, page.hasPreviousPage];
      }
      expect(backwards).toEqual(wanted.map(({ seq }) => seq));
    }
  });
});

describe('gaps and refusals', () => {
  test.each([1, 2, 3])('a log that is trimmed at read %i of a page leaves no silent hole in it', async (trimAt) => {
    const memory = openMemoryLog();
    let reads = Number.NEGATIVE_INFINITY;
    await using bench = openBench({
      log: {
        ...memory,
        async read(taskId, readRange) {
          reads += 1;
          if (reads === trimAt) await memory.trim(taskId, 7);
          return memory.read(taskId, readRange);
        },
      },
    });
    await bench.emitSome(10);
    const after = await at(bench, 2);
    reads = 0;
    const page = await read(bench, { after });
    const isTrimmed = reads >= trimAt;
    expect([page.gap, page.items[0]?.seq]).toEqual(isTrimmed ? ['expired', 8] : [undefined, 3]);
  });

  test('afterSequence below what is kept is EXPIRED too', async () => {
    await using bench = openBench();
    await bench.emitSome(10);
    await bench.log.trim(TASK, 5);
    const page = await read(bench, { afterSequence: 2 });
    expect([page.gap, page.items[0]?.seq]).toEqual(['expired', 6]);
    expect((await read(bench, { afterSequence: 5 })).gap).toBeUndefined();
  });

  test('a cursor below what is kept is EXPIRED, and the page begins with the oldest event kept', async () => {
    await using bench = openBench();
    await bench.emitSome(10);
    const cursor = await at(bench, 2);
    await bench.log.trim(TASK, 5);
    for (const args of [{ after: cursor }, { before: cursor, last: 3 }, { after: cursor, filter: {} }]) {
      const page = await read(bench, args);
      expect(page.gap).toBe('expired');
      expect(page.items[0]?.seq).toBe(6);
    }
    expect((await read(bench, { after: await at(bench, 5) })).gap).toBeUndefined();
  });

  test('a cursor of another history is DIVERGED, and the page begins with the oldest event kept', async () => {
    await using bench = openBench();
    await bench.emitSome(10);
    for (const seq of [0, 4, 10, 11]) {
      const page = await read(bench, { after: { seq, hash: '0123456789abcdef' } });
      expect(page.gap).toBe('diverged');
      expect(page.items[0]?.seq).toBe(1);
    }
  });

  test.each([
    [{ first: -1 }, ['first']],
    [{ first: 1_001 }, ['first']],
    [{ last: 1_001 }, ['last']],
    [{ first: 1, last: 1 }, ['last']],
    [{ afterSequence: -1 }, ['afterSequence']],
  ])('%j is refused as bad input that names the argument', async (args, path) => {
    await using bench = openBench();
    await bench.emit();
    await expect(bench.manager.readEvents(TASK, args)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      issues: [{ path }],
    });
  });

  test('afterSequence together with after is refused', async () => {
    await using bench = openBench();
    await bench.emit();
    const args = { afterSequence: 0, after: await at(bench, 1) };
    await expect(bench.manager.readEvents(TASK, args)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      issues: [{ path: ['afterSequence'] }],
    });
  });
});

test('observations page alike, whole or of one task', async () => {
  await using bench = openBench();
  const empty = await bench.manager.readObservations({});
  expect(empty).toMatchObject({ items: [], hasNextPage: false, hasPreviousPage: false });
  for (const [index, taskId] of ['a', undefined, 'b', 'a'].entries()) {
    await bench.manager.publishObservation({ content: `o${index + 1}`, taskId });
  }
  const page = await bench.manager.readObservations({ first: 3 });
  expect(page.items.map(({ content }) => content)).toEqual(['o1', 'o2', 'o3']);
  const rest = await bench.manager.readObservations({ after: page.endCursor });
  expect(rest.items.map(({ content }) => content)).toEqual(['o4']);
  const ofTask = await bench.manager.readObservations({ taskId: 'a', after: empty.endCursor });
  expect(ofTask.items.map(({ content }) => content)).toEqual(['o1', 'o4']);
});
