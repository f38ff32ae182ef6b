/** What a list of tasks costs: how often the file is looked at, whatever the conditions. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { openSqliteLog } from '../../src/log/sqlite-log.ts';
import { createTaskList } from '../../src/log/sqlite/task-list.ts';
import { createTaskRows } from '../../src/log/sqlite/tasks.ts';
import { openTempDir } from '../support/temp-dir.ts';
import { newEvent } from './sqlite-support.ts';

test('one task that is found by its label or its stage among many is found in few looks', async () => {
  await using dir = await openTempDir();
  const path = join(dir.path, 'log.db');
  {
    await using log = await openSqliteLog({ path, now: () => 1_000 });
    await log.append(Array.from({ length: 500 }, (_, n) => newEvent({ taskId: `task-${1_000 + n}`, eventId: 'e' })));
    await log.initTask({ taskId: 'the-one', labels: ['rare'] });
    await log.append([newEvent({ taskId: 'the-one', eventId: 'e', stage: 'review' })]);
  }
  using db = new DatabaseSync(path, { readOnly: true });
  let looks = 0;
  const inSnapshot = <Result>(operation: () => Result): Result => {
    looks += 1;
    return operation();
  };
  const list = createTaskList(db, { rows: createTaskRows(db, () => undefined), inSnapshot });
  for (const condition of [{ labels: ['rare'] }, { stages: ['review' as const] }]) {
    looks = 0;
    const found = await list.tasks({ ...condition, limit: 1 });
    expect(found.map(({ genesis }) => genesis.taskId)).toEqual(['the-one']);
    expect(looks).toBeLessThan(5);
  }
});
