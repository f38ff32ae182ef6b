/**
 * `drumline emit`: one event from flags, or a stream of JSON lines. A file is checked to its last line before the
 * first event is sent; standard input is sent as it comes. Running it again adds nothing twice.
 */
import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { addAbortSignal, type Readable } from 'node:stream';
import { BadInputError } from '../domain/errors.ts';
import { EmitEventInput as EmitEventRules } from '../domain/event.ts';
import { parseInput } from '../domain/values.ts';
import { LineError, splitLines } from '../util/split-lines.ts';
import { createEventLineParser } from './event-lines.ts';
import { CliError, EXIT, type ExitCode } from './exit.ts';
import { writeLine, type CliIo } from './io.ts';
import { paced } from './pace.ts';
import { createProgressLine } from './progress-line.ts';
import { sendEvents, type OutgoingEvent } from './send-events.ts';
import { toWireEvent } from './wire-event.ts';

export interface EmitOptions {
  readonly url: string;
  /** Where lines come from: a path, or `-` for standard input. */
  readonly file?: string | undefined;
  /** The one event, when there is no file: the fields of the GraphQL input. */
  readonly fields?: Readonly<Record<string, unknown>> | undefined;
  /** For every line, whatever it says itself. */
  readonly taskId?: string | undefined;
  readonly maxBatch: number;
  /** Events a second; left out: as fast as they are taken. */
  readonly rate?: number | undefined;
  readonly retrySeconds: number;
  readonly json?: boolean | undefined;
}

/** A line of 32 KiB of details, with every character escaped, is far below it. */
const MAX_LINE_BYTES = 1024 * 1024;

export async function runEmit(options: EmitOptions, io: CliIo): Promise<ExitCode> {
  const { url, file, maxBatch, rate, retrySeconds, json = false } = options;
  const total = file === undefined || file === '-' ? undefined : await countValid(file, options, io.signal);
  const events = file === undefined ? [singleEvent(options.fields ?? {})] : readEvents(open(file, io), options);
  const dueMs = rate === undefined ? () => 0 : (_event: OutgoingEvent, index: number) => (index * 1_000) / rate;
  const progress = createProgressLine({ io, total });
  let recorded = 0;
  let known = 0;
  try {
    await sendEvents({
      url,
      events: paced(events, { dueMs, signal: io.signal }),
      maxBatch,
      signal: io.signal,
      retryForMs: retrySeconds * 1_000,
      onRetry: (error) => progress.say(`${error.message} Trying again.`),
      async onSent(sent) {
        known += sent.filter((event) => event.duplicate).length;
        recorded += sent.filter((event) => !event.duplicate).length;
        progress.update(recorded + known);
        if (json) for (const event of sent) await writeLine(io.stdout, JSON.stringify(event));
      },
    });
  } catch (error) {
    // An interrupted reading ends with an error of its own; the summary says all there is to say.
    if (!io.signal.aborted) throw withSummary(toCliError(error, file), recorded + known);
  } finally {
    progress.clear();
  }
  await writeLine(json ? io.stderr : io.stdout, summary(recorded, known));
  return io.signal.aborted ? EXIT.interrupted : EXIT.ok;
}

function summary(recorded: number, known: number): string {
  return `${recorded} event${recorded === 1 ? '' : 's'} recorded, ${known} already known`;
}

async function* readEvents(input: Readable, { taskId }: EmitOptions): AsyncGenerator<OutgoingEvent, void, void> {
  const parser = createEventLineParser(taskId);
  for await (const { number, text } of splitLines(input, MAX_LINE_BYTES)) {
    // A file that a Windows editor saved begins with a byte order mark.
    const line = (number === 1 ? text.replace(/^\u{feff}/u, '') : text).trim();
    if (line === '') continue;
    yield { ...toOutgoing(parseLine(parser, line, number)), lineNumber: number };
  }
}

function parseLine(parser: ReturnType<typeof createEventLineParser>, line: string, number: number) {
  try {
    return parser.parse(line);
  } catch (error) {
    if (error instanceof BadInputError) throw new LineError(number, error.message);
    throw error;
  }
}

/** All lines, before anything is sent: a mistake in the last one leaves nothing half done. */
async function countValid(file: string, options: EmitOptions, signal: AbortSignal): Promise<number> {
  let count = 0;
  try {
    for await (const _event of readEvents(createReadStream(file, { signal }), options)) count += 1;
  } catch (error) {
    if (signal.aborted) return count;
    throw toCliError(error, file);
  }
  return count;
}

function open(file: string, io: CliIo): Readable {
  return file === '-' ? addAbortSignal(io.signal, io.stdin) : createReadStream(file, { signal: io.signal });
}

function singleEvent(fields: Readonly<Record<string, unknown>>): OutgoingEvent {
  try {
    const input = toWireEvent(parseInput(EmitEventRules, fields));
    return toOutgoing({ ...input, eventId: input.eventId ?? randomUUID() });
  } catch (error) {
    if (error instanceof BadInputError) throw new CliError(EXIT.usage, error.message, { cause: error });
    throw error;
  }
}

function toOutgoing(input: OutgoingEvent['input']): OutgoingEvent {
  return { input, bytes: Buffer.byteLength(JSON.stringify(input)) };
}

function toCliError(error: unknown, file: string | undefined): unknown {
  if (error instanceof LineError) {
    return new CliError(EXIT.badData, `line ${error.lineNumber}: ${error.message}`, { cause: error });
  }
  if (error instanceof Error && 'syscall' in error && 'code' in error && file !== undefined) {
    return new CliError(EXIT.badData, `cannot read ${file}: ${String(error.code)}`, { cause: error });
  }
  return error;
}

/** What was recorded before the mistake stays recorded, and a rerun of the whole is safe: say both. */
function withSummary(error: unknown, sent: number): unknown {
  if (!(error instanceof CliError) || sent === 0) return error;
  const message = `${error.message}\ndrumline: ${sent} events before it are recorded; running it again adds none of them twice`;
  return new CliError(error.exitCode, message, { cause: error });
}
