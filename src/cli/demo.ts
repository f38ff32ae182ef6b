/** `drumline demo`: believable runs, sent to a server as they would happen, to look at with `drumline watch`. */
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
  /** How many tasks, each with a story of its own; of several, the last one fails. */
  readonly tasks: number;
  readonly seed: number;
  /** 2: twice as fast. */
  readonly speed: number;
  /** Every task fails in the end. */
  readonly fails: boolean;
  /** Watch it here instead of saying how. */
  readonly watch: boolean;
}

export async function runDemo(options: DemoOptions, io: CliIo): Promise<ExitCode> {
  const { url, watch } = options;
  const plays = playsOf(options);
  const taskIds = plays.map(({ taskId }) => taskId);
  await Promise.all(plays.map((play) => announce(play, io)));
  if (watch) {
    const leaving = new AbortController();
    const signal = AbortSignal.any([io.signal, leaving.signal]);
    const sending = sendAll(plays, { ...io, signal });
    const watching = runWatch({ url, taskIds }, { ...io, signal });
    try {
      // Whichever fails first takes the other along.
      const [exitCode] = await Promise.all([watching, sending]);
      return exitCode === EXIT.taskFailed ? EXIT.ok : exitCode;
    } finally {
      leaving.abort();
      await Promise.allSettled([sending, watching]);
    }
  }
  const [what, them] = plays.length === 1 ? [`task ${taskIds.join()}`, 'it'] : [`tasks ${taskIds.join(', ')}`, 'them'];
  await writeLine(io.stdout, `Playing ${DEMO_TITLE} as ${what}. Watch ${them} in another terminal:`);
  await writeLine(io.stdout, `  drumline watch ${taskIds.join(' ')}${url === DEFAULT_URL ? '' : ` --url ${url}`}`);
  const sent = await sendAll(plays, io);
  if (io.signal.aborted) return EXIT.interrupted;
  await writeLine(io.stdout, `${sent} events recorded.`);
  return EXIT.ok;
}

interface Play extends Omit<DemoOptions, 'tasks' | 'watch'> {
  /** On the clock of the story. */
  readonly startsAtMs: number;
}

function playsOf({ tasks, ...options }: DemoOptions): readonly Play[] {
  return Array.from({ length: tasks }, (_, index) => ({
    ...options,
    taskId: tasks === 1 ? options.taskId : `${options.taskId}-${index + 1}`,
    seed: options.seed + index,
    fails: options.fails || (tasks > 1 && index === tasks - 1),
    startsAtMs: index * BETWEEN_STARTS_MS,
  }));
}

const BETWEEN_STARTS_MS = 1_500;

async function sendAll(plays: readonly Play[], io: CliIo): Promise<number> {
  const sent = await Promise.all(plays.map((play) => send(play, io)));
  return sent.reduce((sum, count) => sum + count, 0);
}

async function send({ url, taskId, seed, speed, fails, startsAtMs }: Play, io: CliIo): Promise<number> {
  let sent = 0;
  const dueMs = ({ atMs }: DemoEvent): number => (startsAtMs + atMs) / speed;
  await sendEvents({
    url,
    headers: findCredentials(io.env).headers,
    events: toEvents(paced(demoRun({ seed, fails }), { dueMs, signal: io.signal }), taskId),
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
async function announce({ url, taskId }: Play, { env, signal }: CliIo): Promise<void> {
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
