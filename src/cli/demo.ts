/** `drumline demo`: a believable run, sent to a server as it would happen, to look at with `drumline watch`. */
import { ConnectionFailedError, request } from '../client/index.ts';
import { InitTaskDocument } from '../client/generated/graphql.ts';
import { DEMO_TITLE, demoRun, type DemoEvent } from '../demo/demo-run.ts';
import { findCredentials } from './credentials.ts';
import { CliError, EXIT, toCliError, type ExitCode } from './exit.ts';
import { writeLine, type CliIo } from './io.ts';
import { paced } from './pace.ts';
import { sendEvents, toOutgoing, type OutgoingEvent } from './send-events.ts';
import { DEFAULT_URL } from './server-url.ts';
import { runWatch } from './watch.ts';

export interface DemoOptions {
  readonly url: string;
  readonly taskId: string;
  readonly seed: number;
  /** 2: twice as fast. */
  readonly speed: number;
  /** The task fails in the end. */
  readonly fails: boolean;
  /** Watch it here instead of saying how. */
  readonly watch: boolean;
}

export async function runDemo(options: DemoOptions, io: CliIo): Promise<ExitCode> {
  const { url, taskId, watch } = options;
  await announce(options, io);
  if (watch) {
    const leaving = new AbortController();
    const signal = AbortSignal.any([io.signal, leaving.signal]);
    const sending = send(options, { ...io, signal });
    const watching = runWatch({ url, taskIds: [taskId] }, { ...io, signal });
    try {
      // Whichever fails first takes the other along.
      const [exitCode] = await Promise.all([watching, sending]);
      return exitCode === EXIT.taskFailed ? EXIT.ok : exitCode;
    } finally {
      leaving.abort();
      await Promise.allSettled([sending, watching]);
    }
  }
  await writeLine(io.stdout, `Playing ${DEMO_TITLE} as task ${taskId}. Watch it in another terminal:`);
  await writeLine(io.stdout, `  drumline watch ${taskId}${url === DEFAULT_URL ? '' : ` --url ${url}`}`);
  const sent = await send(options, io);
  if (io.signal.aborted) return EXIT.interrupted;
  await writeLine(io.stdout, `${sent} events recorded.`);
  return EXIT.ok;
}

async function send({ url, taskId, seed, speed, fails }: DemoOptions, io: CliIo): Promise<number> {
  let sent = 0;
  await sendEvents({
    url,
    headers: findCredentials(io.env).headers,
    events: toEvents(paced(demoRun({ seed, fails }), { dueMs: ({ atMs }) => atMs / speed, signal: io.signal }), taskId),
    maxBatch: 100,
    signal: io.signal,
    retryForMs: 30_000,
    onSent: (events) => {
      sent += events.length;
    },
    onRetry: () => {},
  });
  return sent;
}

async function* toEvents(events: AsyncIterable<DemoEvent>, taskId: string): AsyncGenerator<OutgoingEvent, void, void> {
  let number = 0;
  for await (const { atMs: _atMs, ...event } of events) {
    number += 1;
    yield toOutgoing({ ...event, taskId, eventId: `demo-${number}` });
  }
}

/** Also finds out, before anything else is said, whether there is a server. */
async function announce({ url, taskId }: DemoOptions, { env, signal }: CliIo): Promise<void> {
  const { headers } = findCredentials(env);
  const input = { taskId, title: DEMO_TITLE, labels: ['demo'] };
  try {
    await request({ url, headers, document: InitTaskDocument, variables: { input }, signal, timeoutMs: 5_000 });
  } catch (error) {
    if (error instanceof ConnectionFailedError) {
      const message = `no server at ${url}; start one with: drumline serve --store memory:`;
      throw new CliError(EXIT.unavailable, message, { cause: error });
    }
    throw toCliError(error);
  }
}
