/** A Postgres store to look at: each read is one statement, or a transaction that writes nothing. */
import { numberOf, textOf } from '../stored/rows.ts';
import type { OnDerivedDamage, StoreReader } from '../store-reader.ts';
import { readObservations } from './observations.ts';
import { reviewStore, type OpenOptions } from './open.ts';
import { createReadPool } from './pool.ts';
import { MIGRATIONS } from './schema.ts';
import { loadTasks, readEvents, stateAt, toHead } from './tasks.ts';

const LOCK_MS = 1_500;
const TASK_IDS = Object.freeze({
  name: 'drumline_task_ids',
  text: 'SELECT task, task_id FROM drumline_task WHERE task > $1 ORDER BY task LIMIT $2',
});
const SIZE = 'SELECT count(*) AS tasks, coalesce(sum(seq - oldest_seq + 1), 0)::float8 AS events FROM drumline_task';

/** @returns undefined when there are no tables yet. @throws StoreUnusableError */
export async function openPostgresReader(
  options: OpenOptions,
  onDamage: OnDerivedDamage,
): Promise<StoreReader | undefined> {
  const version = await reviewStore(options);
  if (version === 0) return undefined;
  const pool = createReadPool({ url: options.url, lockMs: LOCK_MS });
  return {
    facts: { version, currentVersion: MIGRATIONS.length, isInUse: undefined },
    async head(taskId) {
      const [task] = await pool.inSnapshot((ask) => loadTasks(ask, [taskId], onDamage));
      return task === undefined ? undefined : toHead(task);
    },
    progressAt: (taskId, seq) =>
      pool.inSnapshot(async (ask) => {
        const [task] = await loadTasks(ask, [taskId], onDamage);
        if (task === undefined || seq > task.progress.seq || seq < task.oldestSeq - 1) return undefined;
        return seq === task.progress.seq ? task.progress : (await stateAt(ask, task, seq, onDamage)).progress;
      }),
    read: (taskId, range) => pool.inRead((ask) => readEvents(ask, taskId, range)),
    readObservations: (range) => readObservations(pool.ask, range),
    async size() {
      const [row = {}] = await pool.ask(SIZE);
      return { tasks: numberOf(row, 'tasks'), events: numberOf(row, 'events') };
    },
    async taskIds({ after, limit }) {
      const rows = await pool.ask(TASK_IDS, [after, limit]);
      return rows.map((row) => ({ number: numberOf(row, 'task'), taskId: textOf(row, 'task_id') }));
    },
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  };
}
