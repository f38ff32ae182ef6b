/**
 * `drumline watch TASK`: a task as live bars, as plain lines, or as JSON, until it ends; then its outcome is the
 * exit code. Lost connections are taken up again without losing an event, and said.
 */
import { OperationFailedError, request, watchTask, type TaskUpdate } from '../client/index.ts';
import { TaskHeaderDocument } from '../client/generated/graphql.ts';
import { findCredentials, type Credentials } from './credentials.ts';
import { CliError, EXIT, toCliError, type ExitCode } from './exit.ts';
import { hasColour, isLive, type CliIo } from './io.ts';
import { createLivePicture } from './live-picture.ts';
import type { Picture } from './picture.ts';
import { createJsonPicture, createPlainPicture } from './plain-picture.ts';

export interface WatchOptions {
  readonly url: string;
  readonly taskId: string;
  readonly after?: string | undefined;
  readonly replay?: boolean | undefined;
  readonly json?: boolean | undefined;
  /** How long to go on trying without a connection; left out: 5 s at first, for ever once connected. */
  readonly retrySeconds?: number | undefined;
}

const FIRST_CONNECT_WITHIN_MS = 5_000;
const RETRY_CAP_MS = 10_000;

export async function runWatch(options: WatchOptions, io: CliIo): Promise<ExitCode> {
  const { url, taskId, after, replay, retrySeconds } = options;
  const patienceMs = retrySeconds === undefined ? undefined : retrySeconds * 1_000;
  const credentials = findCredentials(io.env);
  using picture = createPicture(options, io);
  const titleWanted = new AbortController();
  const updates = watchTask({
    url,
    taskId,
    after,
    replay,
    signal: io.signal,
    retryCapMs: RETRY_CAP_MS,
    firstConnectWithinMs: patienceMs ?? FIRST_CONNECT_WITHIN_MS,
    reconnectWithinMs: patienceMs,
    onConnection: (state) => picture.onConnection(state),
    headers: credentials.headers,
  });
  let last: TaskUpdate | undefined;
  try {
    for await (const update of updates) {
      if (last === undefined) void showTitle({ ...options, ...credentials }, picture, titleWanted.signal);
      last = update;
      await picture.onUpdate(update);
    }
  } catch (error) {
    throw toCliError(withTaskGone(error, options));
  } finally {
    titleWanted.abort();
  }
  if (last?.__typename !== 'TaskEnded') return EXIT.interrupted;
  return last.progress.status === 'COMPLETED' ? EXIT.ok : EXIT.taskFailed;
}

function createPicture(options: WatchOptions, io: CliIo): Picture {
  const { taskId } = options;
  if (options.json === true) return createJsonPicture({ taskId, io });
  if (!isLive(io.stdout, io.env)) return createPlainPicture({ taskId, io });
  return createLivePicture({ taskId, output: io.stdout, withColour: hasColour(io.stdout, io.env) });
}

/**
 * The stream does not carry the title: it is not part of the progress. Without it the picture is complete, too, so
 * whatever keeps it away (a proxy that lets only the WebSocket through) is no reason to end.
 */
async function showTitle(
  { url, taskId, headers }: WatchOptions & Pick<Credentials, 'headers'>,
  picture: Picture,
  signal: AbortSignal,
): Promise<void> {
  const asked = request({ url, headers, document: TaskHeaderDocument, variables: { id: taskId }, signal });
  const title = await asked.then(({ task }) => task?.title).catch(() => undefined);
  if (title != null && !signal.aborted) picture.onTitle(title);
}

/** A task that is gone is a fault only to one who has a cursor of it; without one, it would be waited for. */
function withTaskGone(error: unknown, { taskId }: WatchOptions): unknown {
  if (!(error instanceof OperationFailedError)) return error;
  if (error.code === 'TASK_DELETED') {
    return new CliError(EXIT.unavailable, `Task ${taskId} was deleted.`, { cause: error });
  }
  if (error.code !== 'TASK_NOT_FOUND') return error;
  const message = `The server does not know task ${taskId} (any more), so it cannot go on from that cursor.`;
  return new CliError(EXIT.unavailable, message, { cause: error });
}
