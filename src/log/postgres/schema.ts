/**
 * The tables, as the steps that lead to them. A step that was released is never changed; a change is a further step.
 * Everything that is derived (heads, components, snapshots) can be made again from `genesis` and `drumline_event`.
 *
 * Names carry a prefix, for the database may be shared with other programs, and no schema, so that `search_path` can
 * choose one. Ids sort by their bytes, as everywhere else. Records are text: `jsonb` sorts keys and refuses `\u0000`.
 */
export const MIGRATIONS: readonly string[] = [
  `
-- One row: which store this is, and where the stream of observations ends.
CREATE TABLE drumline_store (
  one boolean PRIMARY KEY DEFAULT true CHECK (one), version integer NOT NULL,
  observation_seed text NOT NULL, observation_seq bigint NOT NULL,
  observation_hash text NOT NULL, observation_recorded_at bigint NOT NULL
);

-- Servers take the numbers of new tasks in blocks.
CREATE SEQUENCE drumline_task_block;

-- One row for each task: its genesis record, which never changes, and its head without the components.
-- checksum: as in stored/state.ts. base_hash: the running hash just before the oldest event kept.
-- last_event_id: not below any event id that the task has or had; '-' for none.
-- changed: the transaction that wrote the row.
CREATE TABLE drumline_task (
  task bigint PRIMARY KEY, task_id text COLLATE "C" NOT NULL,
  genesis_hash text NOT NULL, oldest_seq bigint NOT NULL, seq bigint NOT NULL, hash text NOT NULL,
  status text COLLATE "C" NOT NULL, stage text NOT NULL, started_at bigint NOT NULL, last_update bigint NOT NULL,
  overall float8 NOT NULL, display float8 NOT NULL, recorded_at bigint NOT NULL,
  component_count integer NOT NULL, component_digest text NOT NULL, checksum text NOT NULL, genesis text NOT NULL,
  base_hash text NOT NULL, last_event_id text COLLATE "C" NOT NULL, changed xid8 NOT NULL
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX drumline_task_by_id ON drumline_task (task_id);
CREATE INDEX drumline_task_by_start ON drumline_task (status, started_at DESC, task_id);
CREATE INDEX drumline_task_by_update ON drumline_task (status, last_update DESC, task_id);
CREATE INDEX drumline_task_by_change ON drumline_task (changed, task_id);

-- Its checksum is part of drumline_task.component_digest.
CREATE TABLE drumline_component (
  task bigint, number integer, state text NOT NULL, PRIMARY KEY (task, number)
) WITH (fillfactor = 80);

-- own_time: whether its producer gave it its timestamp.
CREATE TABLE drumline_event (
  task bigint, seq bigint, hash text NOT NULL, event_id text COLLATE "C" NOT NULL,
  own_time boolean NOT NULL, record text NOT NULL, PRIMARY KEY (task, seq)
);
CREATE UNIQUE INDEX drumline_event_by_id ON drumline_event (task, event_id);

-- The state just after event seq; the one at oldest_seq - 1 stands for the events that were trimmed.
CREATE TABLE drumline_snapshot (
  task bigint, seq bigint, checksum text NOT NULL, state text NOT NULL, PRIMARY KEY (task, seq)
);

CREATE TABLE drumline_observation (
  seq bigint PRIMARY KEY, hash text NOT NULL, id text COLLATE "C" NOT NULL UNIQUE,
  fingerprint text NOT NULL, record text NOT NULL
);
`,
  `
-- Tasks that were deleted lately, so that other servers hear of it: changes.ts. One may have been begun anew since.
CREATE TABLE drumline_deleted (
  task_id text COLLATE "C" PRIMARY KEY, changed xid8 NOT NULL, deleted_at timestamptz NOT NULL
);
CREATE INDEX drumline_deleted_by_change ON drumline_deleted (changed, task_id);
CREATE INDEX drumline_deleted_by_time ON drumline_deleted (deleted_at);
`,
];

/** Numbers of tasks that a server takes at once: more than one transaction can begin. */
export const BLOCK_TASKS = 10_000;
