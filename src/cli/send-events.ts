/**
 * Events to the server, in order, one batch on its way at a time. Each event has its id before it is first sent, so
 * a batch whose answer was lost is sent again as it was, and is recorded once.
 */
import { isPassing, OperationFailedError, request } from '../client/index.ts';
import { EmitEventsDocument, type EmitEventInput } from '../client/generated/graphql.ts';
import { createAutoResetEvent, type AutoResetEvent } from '../util/auto-reset-event.ts';
import { retryDelayMs } from '../util/retry-delay.ts';
import { batchesOf } from './batches.ts';
import { CliError, EXIT, toCliError } from './exit.ts';

export interface OutgoingEvent {
  readonly input: EmitEventInput & { readonly eventId: string };
  readonly bytes: number;
  /** Where it came from, for the messages. */
  readonly lineNumber?: number | undefined;
}

export function toOutgoing(input: OutgoingEvent['input']): OutgoingEvent {
  return { input, bytes: Buffer.byteLength(JSON.stringify(input)) };
}

export interface SentEvent {
  readonly lineNumber?: number | undefined;
  readonly taskId: string;
  readonly eventId: string;
  readonly sequence: number;
  readonly duplicate: boolean;
}

export interface SendOptions {
  readonly url: string;
  /** What to show to the server. */
  readonly headers: Readonly<Record<string, string>>;
  readonly events: AsyncIterable<OutgoingEvent>;
  readonly maxBatch: number;
  readonly signal: AbortSignal;
  /** How long to repeat one batch that gets no answer. */
  readonly retryForMs: number;
  /** Called after each answer, with what it said; resolves when the next batch may go. */
  readonly onSent: (events: readonly SentEvent[]) => Promise<void> | void;
  readonly onRetry: (error: Error) => void;
  readonly random?: () => number;
}

const MAX_BATCH_BYTES = 1024 * 1024;

/** Throws CliError; what was answered before has been told to `onSent`. Ends quietly when the signal is aborted. */
export async function sendEvents(options: SendOptions): Promise<void> {
  const { events, maxBatch, signal } = options;
  const pause = createAutoResetEvent(signal);
  for await (const batch of batchesOf(events, { maxCount: maxBatch, maxBytes: MAX_BATCH_BYTES })) {
    if (signal.aborted) return;
    const results = await sendBatch(batch, options, pause);
    if (results === undefined) return;
    await options.onSent(results);
  }
}

/** Undefined when interrupted while waiting for the next try. */
async function sendBatch(
  batch: readonly OutgoingEvent[],
  options: SendOptions,
  pause: AutoResetEvent,
): Promise<SentEvent[] | undefined> {
  const { url, headers, signal, retryForMs, random = Math.random } = options;
  const giveUpAtMs = performance.now() + retryForMs;
  const inputs = batch.map((event) => event.input);
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    try {
      // Without the signal: an answer that is on its way is worth its second, for it says what was recorded.
      const { emitEvents } = await request({ url, headers, document: EmitEventsDocument, variables: { inputs } });
      return emitEvents.results.map(({ duplicate, event }, index) => {
        return { lineNumber: batch[index]?.lineNumber, duplicate, ...event };
      });
    } catch (error) {
      if (!(error instanceof Error) || !isPassing(error)) throw toCliError(withLines(error, batch));
      if (performance.now() >= giveUpAtMs) throw toCliError(withLines(error, batch));
      options.onRetry(error);
      await pause.wait(retryDelayMs(attempt, { random, capMs: 5_000 }));
    }
  }
  return undefined;
}

const REFUSALS: ReadonlySet<string> = new Set(['BAD_USER_INPUT', 'EVENT_ID_CONFLICT', 'LIMIT_EXCEEDED']);

/** A refusal of what was sent names the lines that it is about. */
function withLines(error: unknown, batch: readonly OutgoingEvent[]): unknown {
  if (!(error instanceof OperationFailedError) || !REFUSALS.has(error.code)) return error;
  const issues = error.issues.map(({ path: [first, index, ...rest], message }) => {
    const event = first === 'inputs' && typeof index === 'number' ? batch[index] : undefined;
    const place = event?.lineNumber === undefined ? '' : `line ${event.lineNumber}: `;
    return `${place}${rest.length === 0 ? '' : `${rest.join('.')}: `}${message}`;
  });
  return new CliError(EXIT.badData, issues.length === 0 ? error.message : issues.join('; '), { cause: error });
}
