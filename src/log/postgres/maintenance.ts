/** What is done to one task, in transactions of its own and not beside appends: trimming, deleting, writing it anew. */
import type { Cursor } from '../../domain/cursor.ts';
import { StoreCorruptError } from '../../domain/errors.ts';
import { numberOf, textOf } from '../stored/rows.ts';
import { encodeSnapshot, snapshotChecksum, type TaskState } from '../stored/state.ts';
import type { Ask } from './connection.ts';
import { hold, takeComponents, taskRow, type HeldTask } from './heads.ts';
import type { ReadPool } from './pool.ts';
import { COLUMNS, WRITE } from './statements.ts';
import { columnsOf, list } from './table-param.ts';
import { loadTasks, stateAt, type OnDamage } from './tasks.ts';

/** Events that one transaction forgets: its locks are short, so appends come through in between. */
const TRIM_EVENTS = 5_000;

export async function trimTask(
  pool: ReadPool,
  { taskId, through }: { readonly taskId: string; readonly through: number },
  onDamage: OnDamage,
): Promise<void> {
  for (;;) {
    const step = await pool.inSnapshot(async (ask) => {
      const [task] = await loadTasks(ask, [taskId], onDamage);
      if (task === undefined || through > task.progress.seq || through < task.oldestSeq) return undefined;
      const seq = Math.min(task.oldestSeq - 1 + TRIM_EVENTS, through);
      return stateAt(ask, task, seq, onDamage);
    });
    if (step === undefined) return;
    // Worked out before, for what was recorded does not change.
    await pool.inTransaction((ask) => trimStep(ask, taskId, step, onDamage));
  }
}

async function trimStep(ask: Ask, taskId: string, state: TaskState, onDamage: OnDamage): Promise<void> {
  const { seq, hash } = state.progress;
  const task = await lock(ask, taskId, onDamage);
  if (task === undefined || seq < task.oldestSeq) return;
  const text = encodeSnapshot({ progress: state.progress, recordedAt: state.recordedAt });
  const snapshot = { task: task.key, seq, checksum: snapshotChecksum(task.key, seq, text), state: text };
  await ask(WRITE.putSnapshots, columnsOf(COLUMNS.snapshot, [snapshot]));
  await ask(WRITE.trimEvents, [task.key, seq]);
  await ask(WRITE.trimSnapshots, [task.key, seq]);
  task.oldestSeq = seq + 1;
  task.baseHash = hash;
  await rewrite(ask, task);
}

/** @param ifAt only while its head is there. @returns whether it was there, and is no more. */
export async function deleteTask(
  pool: ReadPool,
  { taskId, ifAt }: { readonly taskId: string; readonly ifAt: Cursor | undefined },
  onDamage: OnDamage,
): Promise<boolean> {
  await shorten(pool, { taskId, ifAt }, onDamage);
  return pool.inTransaction(async (ask) => {
    // Of its row only that it is there counts: what is damaged can be deleted all the same.
    const [row] = await ask(WRITE.lock, [list('text', [taskId])]);
    if (row === undefined || (ifAt !== undefined && ifAt.hash !== row['hash'])) return false;
    const key = numberOf(row, 'task');
    for (const drop of [WRITE.dropEvents, WRITE.dropComponents, WRITE.dropSnapshots, WRITE.dropTask]) {
      await ask(drop, [key]);
    }
    await ask(WRITE.noteDeleted, [taskId]);
    await ask(WRITE.forgetDeleted);
    return true;
  });
}

/** So that what is left goes in one short transaction. */
async function shorten(
  pool: ReadPool,
  { taskId, ifAt }: { readonly taskId: string; readonly ifAt: Cursor | undefined },
  onDamage: OnDamage,
): Promise<void> {
  try {
    const [task] = await pool.inRead((ask) => loadTasks(ask, [taskId], onDamage));
    if (task === undefined || (ifAt !== undefined && ifAt.hash !== task.progress.hash)) return;
    const { oldestSeq, progress } = task;
    if (progress.seq - oldestSeq >= TRIM_EVENTS) await trimTask(pool, { taskId, through: progress.seq - 1 }, onDamage);
  } catch (error) {
    if (!(error instanceof StoreCorruptError)) throw error;
  }
}

/** Have a task's rows written anew if they are not what the log says. */
export async function healTask(pool: ReadPool, taskId: string): Promise<void> {
  await pool.inTransaction(async (ask) => {
    const task = await lock(ask, taskId, () => undefined);
    if (task?.isWrong === true) await rewrite(ask, task);
  });
}

async function lock(ask: Ask, taskId: string, onDamage: OnDamage): Promise<HeldTask | undefined> {
  const [row] = await ask(WRITE.lock, [list('text', [taskId])]);
  if (row === undefined) return undefined;
  const [task] = await loadTasks(ask, [textOf(row, 'task_id')], onDamage);
  return task === undefined ? undefined : hold(task);
}

async function rewrite(ask: Ask, task: HeldTask): Promise<void> {
  if (task.isWrong) await ask(WRITE.dropComponents, [task.key]);
  const components = takeComponents(task);
  if (components.length > 0) await ask(WRITE.putComponents, columnsOf(COLUMNS.component, components));
  await ask(WRITE.updateTasks, columnsOf(COLUMNS.head, [taskRow(task)]));
}
