/**
 * `drumline watch TASK...`: tasks as live bars, as plain lines, or as JSON, until all have ended; then their outcome is
 * the exit code. Lost connections are taken up again without losing an event, and said.
 */
import { createConnection, OperationFailedError, request, watchTask, type Connection } from '../client/index.ts';
import { TaskHeaderDocument } from '../client/generated/graphql.ts';
import { findCredentials } from './credentials.ts';
import { CliError, EXIT, toCliError, type ExitCode } from './exit.ts';
import { hasColour, isLive, type CliIo } from './io.ts';
import { createLivePicture } from './live-picture.ts';
import type { Picture } from './picture.ts';
import { createJsonPicture, createPlainPicture } from './plain-picture.ts';

export interface WatchOptions {
  readonly url: string;
  /** Whoever is named twice is watched once. */
  readonly taskIds: readonly string[];
  /** For one task only. */
  readonly after?: string | undefined;
  readonly replay?: boolean | undefined;
  readonly json?: boolean | undefined;
  /** How long to go on trying without a connection; left out: 5 s at first, for ever once connected. */
  readonly retrySeconds?: number | undefined;
}

/** A server allows a hundred subscriptions on one connection. */
const MAX_TASKS = 50;
const FIRST_CONNECT_WITHIN_MS = 5_000;
const RETRY_CAP_MS = 10_000;

export async function runWatch(options: WatchOptions, io: CliIo): Promise<ExitCode> {
  const taskIds = [...new Set(options.taskIds)];
  if (taskIds.length > MAX_TASKS) throw new CliError(EXIT.usage, `at most ${MAX_TASKS} tasks can be watched at once`);
  if (taskIds.length > 1 && options.after !== undefined) {
    throw new CliError(EXIT.usage, 'a cursor is of one task: --after is for one task only');
  }
  const { headers } = findCredentials(io.env);
  using connection = createConnection({ url: options.url, headers });
  using picture = createPicture(options, taskIds, io);
  const leaving = new AbortController();
  const signal = AbortSignal.any([io.signal, leaving.signal]);
  const watches = taskIds.map((taskId) => watchOne({ ...options, taskId, headers, connection, picture, signal }));
  try {
    // What ends one watch ends them all: they have the same server. A deleted task only ends its own.
    return exitCodeOf(taskIds, await Promise.all(watches));
  } finally {
    leaving.abort();
    await Promise.allSettled(watches);
  }
}

type Outcome = 'COMPLETED' | 'FAILED' | 'DELETED' | 'INTERRUPTED';

function exitCodeOf(taskIds: readonly string[], outcomes: readonly Outcome[]): ExitCode {
  const deleted = taskIds.filter((_taskId, index) => outcomes[index] === 'DELETED');
  if (outcomes.includes('INTERRUPTED')) return EXIT.interrupted;
  if (deleted.length > 0) {
    const [are, were] = deleted.length === 1 ? ['Task', 'was'] : ['Tasks', 'were'];
    throw new CliError(EXIT.unavailable, `${are} ${deleted.join(', ')} ${were} deleted.`);
  }
  return outcomes.includes('FAILED') ? EXIT.taskFailed : EXIT.ok;
}

interface WatchOne extends Omit<WatchOptions, 'taskIds'> {
  readonly taskId: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly connection: Connection;
  readonly picture: Picture;
  readonly signal: AbortSignal;
}

async function watchOne(options: WatchOne): Promise<Outcome> {
  const { taskId, after, replay, retrySeconds, connection, picture, signal } = options;
  const patienceMs = retrySeconds === undefined ? undefined : retrySeconds * 1_000;
  const updates = watchTask({
    connection,
    taskId,
    after,
    replay,
    signal,
    retryCapMs: RETRY_CAP_MS,
    firstConnectWithinMs: patienceMs ?? FIRST_CONNECT_WITHIN_MS,
    reconnectWithinMs: patienceMs,
    onConnection: (state) => picture.onConnection(taskId, state),
  });
  const titleWanted = new AbortController();
  let isKnown = false;
  let outcome: Outcome = 'INTERRUPTED';
  try {
    for await (const update of updates) {
      if (!isKnown) void showTitle(options, titleWanted.signal);
      isKnown = true;
      await picture.onUpdate(taskId, update);
      if (update.__typename === 'TaskEnded') {
        outcome = update.progress.status === 'COMPLETED' ? 'COMPLETED' : 'FAILED';
      }
    }
    return outcome;
  } catch (error) {
    if (!(error instanceof OperationFailedError && error.code === 'TASK_DELETED')) {
      throw toCliError(withTaskGone(error, taskId));
    }
    await picture.onDeleted(taskId);
    return 'DELETED';
  } finally {
    titleWanted.abort();
  }
}

function createPicture({ json }: WatchOptions, taskIds: readonly string[], io: CliIo): Picture {
  if (json === true) return createJsonPicture({ taskIds, io });
  const withColour = hasColour(io.stdout, io.env);
  if (!isLive(io.stdout, io.env)) return createPlainPicture({ taskIds, io, withColour });
  return createLivePicture({ taskIds, output: io.stdout, withColour });
}

/**
 * The stream does not carry the title: it is not part of the progress. Without it the picture is complete, too, so
 * whatever keeps it away (a proxy that lets only the WebSocket through) is no reason to end.
 */
async function showTitle({ url, headers, taskId, picture }: WatchOne, signal: AbortSignal): Promise<void> {
  const asked = request({ url, headers, document: TaskHeaderDocument, variables: { id: taskId }, signal });
  const title = await asked.then(({ task }) => task?.title).catch(() => undefined);
  if (title != null && !signal.aborted) picture.onTitle(taskId, title);
}

/** A task that is gone is a fault only to one who has a cursor of it; without one, it would be waited for. */
function withTaskGone(error: unknown, taskId: string): unknown {
  if (!(error instanceof OperationFailedError) || error.code !== 'TASK_NOT_FOUND') return error;
  const message = `The server does not know task ${taskId} (any more), so it cannot go on from that cursor.`;
  return new CliError(EXIT.unavailable, message, { cause: error });
}
