/** The statements that run for every event, page or poll go by an index and sort nothing, however large the file is. */
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { WRITE_SQL } from '../../src/log/sqlite/append.ts';
import { EVENT_SQL } from '../../src/log/sqlite/events.ts';
import { HEAD_SQL } from '../../src/log/sqlite/heads.ts';
import { OBSERVATION_SQL } from '../../src/log/sqlite/observations.ts';
import { SCHEMA } from '../../src/log/sqlite/schema.ts';
import { LIST_SQL } from '../../src/log/sqlite/task-list.ts';
import { TASK_SQL } from '../../src/log/sqlite/tasks.ts';

const PLANS: readonly (readonly [string, string, string])[] = [
  ['task by id', TASK_SQL.byId, 'SEARCH task USING INDEX sqlite_autoindex_task_1 (task_id=?)'],
  ['number of a task', TASK_SQL.keyOf, 'SEARCH task USING COVERING INDEX sqlite_autoindex_task_1 (task_id=?)'],
  ['components', TASK_SQL.components, 'SEARCH component USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)'],
  ['snapshots', TASK_SQL.snapshots, 'SEARCH snapshot USING INDEX snapshot_by_seq (task=? AND seq>? AND seq<?)'],
  ['last event', EVENT_SQL.last, 'SEARCH event USING INDEX event_by_seq (task=?)'],
  ['first event', EVENT_SQL.first, 'SEARCH event USING COVERING INDEX event_by_seq (task=?)'],
  ['hash at', EVENT_SQL.hashAt, 'SEARCH event USING INDEX event_by_seq (task=? AND seq=?)'],
  ['range of events', EVENT_SQL.range, 'SEARCH event USING INDEX event_by_seq (task=? AND seq>? AND seq<?)'],
  ['event by id', EVENT_SQL.byId, 'SEARCH event USING INDEX event_by_id (task=? AND event_id=?)'],
  ['last event id', EVENT_SQL.lastId, 'SEARCH event USING COVERING INDEX event_by_id (task=?)'],
  ['trim events', WRITE_SQL.trimEvents, 'SEARCH event USING INDEX event_by_seq (task=? AND seq<?)'],
  ['trim snapshots', WRITE_SQL.trimSnapshots, 'SEARCH snapshot USING INDEX snapshot_by_seq (task=? AND seq<?)'],
  ['head of', WRITE_SQL.headOf, 'SEARCH task USING INDEX sqlite_autoindex_task_1 (task_id=?)'],
  ['drop task', WRITE_SQL.dropTask, 'SEARCH task USING INTEGER PRIMARY KEY (rowid=?)'],
  ['update head', HEAD_SQL.update, 'SEARCH task USING INTEGER PRIMARY KEY (rowid=?)'],
  ['update head, same status', HEAD_SQL.updateInStatus, 'SEARCH task USING INTEGER PRIMARY KEY (rowid=?)'],
  ['last task', HEAD_SQL.lastKey, 'SEARCH task'],
  ['last change', HEAD_SQL.lastChange, 'SEARCH task USING COVERING INDEX task_by_change'],
  [
    'tasks by start',
    LIST_SQL.started,
    'SEARCH task USING INDEX task_by_start (status=? AND started_at>? AND started_at<?)',
  ],
  ['tasks by update', LIST_SQL.updated, 'SEARCH task USING INDEX task_by_update (status=? AND last_update<?)'],
  ['position', LIST_SQL.position, 'SEARCH task USING COVERING INDEX task_by_change'],
  ['changes', LIST_SQL.changes, 'SEARCH task USING COVERING INDEX task_by_change (changed>?)'],
  ['last observation', OBSERVATION_SQL.last, 'SEARCH observation'],
  ['observations', OBSERVATION_SQL.range, 'SEARCH observation USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)'],
  ['observation by id', OBSERVATION_SQL.byId, 'SEARCH observation USING INDEX sqlite_autoindex_observation_1 (id=?)'],
];

test.each(PLANS)('%s', (_, sql, plan) => {
  using db = new DatabaseSync(':memory:');
  db.exec(SCHEMA);
  const steps = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all();
  expect(steps.map(({ detail }) => detail)).toEqual([plan]);
});

test('an event of a task that goes on writes neither the index by start nor that of ids', () => {
  expect(HEAD_SQL.updateInStatus).not.toMatch(/\b(status|started_at|task_id) =/);
});
