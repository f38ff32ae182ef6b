/**
 * `drumline emit`: one event from flags, or a stream of JSON lines. A file is checked to its last line before the
 * first event is sent; standard input and pipes are sent as they come. Running it again adds nothing twice.
 */
import { randomUUID } from 'node:crypto';
import { BadInputError } from '../domain/errors.ts';
import { EmitEventInput as EmitEventRules } from '../domain/event.ts';
import { parseInput } from '../domain/values.ts';
import { openEventSource } from './event-source.ts';
import { findCredentials } from './credentials.ts';
import { CliError, EXIT, type ExitCode } from './exit.ts';
import { writeJson, writeLine, type CliIo } from './io.ts';
import { paced } from './pace.ts';
import { createProgressLine } from './progress-line.ts';
import { sendEvents, toOutgoing, type OutgoingEvent } from './send-events.ts';
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

export async function runEmit(options: EmitOptions, io: CliIo): Promise<ExitCode> {
  let recorded = 0;
  let known = 0;
  try {
    const { total, events } = await openEvents(options, io);
    using progress = createProgressLine({ io, total });
    await sendEvents({
      url: options.url,
      headers: findCredentials(io.env).headers,
      events: paced(events, { dueMs: dueMsAt(options.rate), signal: io.signal }),
      maxBatch: options.maxBatch,
      signal: io.signal,
      retryForMs: options.retrySeconds * 1_000,
      onRetry: (error) => progress.say(`${error.message} Trying again.`),
      async onSent(sent) {
        known += sent.filter((event) => event.duplicate).length;
        recorded += sent.filter((event) => !event.duplicate).length;
        progress.update(recorded + known);
        if (options.json === true) for (const event of sent) await writeJson(io.stdout, event);
      },
    });
  } catch (error) {
    // An interrupted reading ends with an error of its own; the summary says all there is to say.
    if (!io.signal.aborted) throw withSummary(error, recorded + known);
  }
  await writeLine(options.json === true ? io.stderr : io.stdout, summary(recorded, known));
  return io.signal.aborted ? EXIT.interrupted : EXIT.ok;
}

function summary(recorded: number, known: number): string {
  return `${recorded} event${recorded === 1 ? '' : 's'} recorded, ${known} already known`;
}

interface Events {
  readonly total?: number;
  readonly events: Iterable<OutgoingEvent> | AsyncIterable<OutgoingEvent>;
}

async function openEvents({ file, fields = {}, taskId }: EmitOptions, io: CliIo): Promise<Events> {
  if (file === undefined) return { events: [singleEvent(fields)] };
  return openEventSource({ file, taskId }, io);
}

function dueMsAt(rate: number | undefined): (event: OutgoingEvent, index: number) => number {
  return rate === undefined ? () => 0 : (_event, index) => (index * 1_000) / rate;
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

/** What was recorded before the mistake stays recorded, and a rerun of the whole is safe: say both. */
function withSummary(error: unknown, sent: number): unknown {
  if (!(error instanceof CliError) || sent === 0) return error;
  const message = `${error.message}\ndrumline: ${sent} events before it are recorded; running it again adds none of them twice`;
  return new CliError(error.exitCode, message, { cause: error });
}
