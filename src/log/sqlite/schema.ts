/**
 * The tables. Rowid tables throughout: rows are added at the end, and only the indexes are written at random places.
 * Everything that is derived (heads, components, snapshots) can be made again from `task.genesis` and `event`.
 */
import { DatabaseSync } from 'node:sqlite';

export const APPLICATION_ID = 0x44_72_4c_6e;
/** Version 1 differs in what `event.fingerprint` holds, and is read as it is: `events.ts`. */
export const SCHEMA_VERSION = 2;

export const SCHEMA = `
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

-- One row for each task: its genesis record, which never changes, and its head without the components.
-- checksum covers every other column but genesis, which genesis_hash covers.
CREATE TABLE task (
  task INTEGER PRIMARY KEY, task_id TEXT NOT NULL UNIQUE,
  genesis_hash TEXT NOT NULL, oldest_seq INTEGER NOT NULL, seq INTEGER NOT NULL, hash TEXT NOT NULL,
  status TEXT NOT NULL, stage TEXT NOT NULL, started_at INTEGER NOT NULL, last_update INTEGER NOT NULL,
  overall REAL NOT NULL, display REAL NOT NULL, recorded_at INTEGER NOT NULL,
  component_count INTEGER NOT NULL, component_digest TEXT NOT NULL,
  changed INTEGER NOT NULL, checksum TEXT NOT NULL, genesis TEXT NOT NULL
) STRICT;
CREATE INDEX task_by_start ON task (status, started_at DESC, task_id);
CREATE INDEX task_by_update ON task (status, last_update DESC, task_id);
CREATE INDEX task_by_change ON task (changed, task_id);

-- place = task * 65536 + the component's number. Its checksum is part of task.component_digest.
CREATE TABLE component (place INTEGER PRIMARY KEY, state TEXT NOT NULL) STRICT;

-- hash stands before the long columns, so that it is read without them. fingerprint is a mark: event-inserts.ts.
CREATE TABLE event (
  pos INTEGER PRIMARY KEY, task INTEGER NOT NULL, seq INTEGER NOT NULL, hash TEXT NOT NULL,
  event_id TEXT NOT NULL, fingerprint TEXT NOT NULL, record TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX event_by_seq ON event (task, seq);
CREATE UNIQUE INDEX event_by_id ON event (task, event_id);

-- The state just after event seq; the one at task.oldest_seq - 1 stands for the events that were trimmed.
CREATE TABLE snapshot (
  pos INTEGER PRIMARY KEY, task INTEGER NOT NULL, seq INTEGER NOT NULL, checksum TEXT NOT NULL, state TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX snapshot_by_seq ON snapshot (task, seq);

CREATE TABLE observation (
  seq INTEGER PRIMARY KEY, hash TEXT NOT NULL, id TEXT NOT NULL UNIQUE, fingerprint TEXT NOT NULL, record TEXT NOT NULL
) STRICT;
`;

/** What `sqlite_schema` holds, apart from where each table begins. */
export function describeSchema(db: DatabaseSync): string {
  return JSON.stringify(db.prepare('SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name').all());
}

export function expectedSchema(): string {
  using db = new DatabaseSync(':memory:');
  db.exec(SCHEMA);
  return describeSchema(db);
}
