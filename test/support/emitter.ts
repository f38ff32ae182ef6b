/**
 * Producers as they should be: every event has its own id, an answer is waited for, and what was not acknowledged is
 * sent again with the same id. The emitter remembers, for each event, what its producer may believe.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { choose, type Choice } from './choice.ts';
import type { EmitInput } from './fixtures.ts';
import type { EmitRecord } from './history.ts';

export interface EmitterOptions {
  /** A function is asked anew for each attempt. */
  readonly url: Choice;
  /** Ends all retries. */
  readonly signal?: AbortSignal;
  readonly retryDelayMs?: number;
  /** For one attempt. */
  readonly timeoutMs?: number;
}

export type EmitResult =
  | {
      readonly outcome: 'ok';
      readonly sequences: readonly number[];
      readonly duplicates: number;
      /** The server closes the connection with this answer. */
      readonly last: boolean;
    }
  | { readonly outcome: 'failed'; readonly code: string; readonly retryable: boolean }
  | { readonly outcome: 'unknown'; readonly cause: string };

export interface Emitter {
  /** One record for each event ever sent, with the best that is known about it. */
  history(): readonly EmitRecord[];
  /** How many events were acknowledged so far. */
  readonly acknowledged: number;
  /** One attempt: a single event by `emitEvent`, several by `emitEvents`. */
  emit(inputs: EmitInput | readonly EmitInput[]): Promise<EmitResult>;
  /** Attempts until it is acknowledged. Fails when the server refuses for good, or when the signal aborts. */
  emitUntilAcknowledged(inputs: EmitInput | readonly EmitInput[]): Promise<EmitResult>;
}

const ONE = `mutation ($input: EmitEventInput!) {
  emitEvent(input: $input) { duplicate event { eventId sequence } }
}`;
const MANY = `mutation ($inputs: [EmitEventInput!]!) {
  emitEvents(inputs: $inputs) { results { duplicate event { eventId sequence } } }
}`;

const Recorded = z.object({
  duplicate: z.boolean(),
  event: z.object({ eventId: z.string(), sequence: z.int() }),
});
const Answer = z.object({
  data: z
    .object({ emitEvent: Recorded.nullish(), emitEvents: z.object({ results: z.array(Recorded) }).nullish() })
    .nullish(),
  errors: z
    .array(z.object({ extensions: z.object({ code: z.string(), outcome: z.string().optional() }).loose() }))
    .optional(),
});

/** Nothing was recorded, and the same request may be accepted later. */
const RETRYABLE: ReadonlySet<string> = new Set(['SHUTTING_DOWN', 'STORE_UNAVAILABLE', 'STORE_FULL', 'OVERLOADED']);

/** What is known of one event. */
interface Entry {
  readonly input: EmitInput;
  readonly beganAt: number;
  acknowledgedAt: number | undefined;
  sequence: number | undefined;
  /** Attempts that may have recorded it: in flight, or without an answer. */
  inDoubt: number;
}

export function createEmitter(options: EmitterOptions): Emitter {
  const { url, signal, retryDelayMs = 10, timeoutMs = 10_000 } = options;
  const entries = new Map<string, Entry>();
  let acknowledged = 0;

  const entryOf = (input: EmitInput): Entry => {
    const key = `${input.taskId} ${input.eventId}`;
    const entry = entries.get(key) ?? newEntry(input);
    entries.set(key, entry);
    return entry;
  };

  const emit = async (inputs: EmitInput | readonly EmitInput[]): Promise<EmitResult> => {
    const attempted = toList(inputs).map(entryOf);
    for (const entry of attempted) entry.inDoubt += 1;
    const timeout = AbortSignal.timeout(timeoutMs);
    const result = await attempt(
      choose(url),
      inputs,
      signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    );
    for (const [index, entry] of attempted.entries()) {
      if (result.outcome === 'failed') entry.inDoubt -= 1;
      if (result.outcome !== 'ok') continue;
      if (entry.sequence === undefined) acknowledged += 1;
      entry.acknowledgedAt ??= performance.now();
      entry.sequence = result.sequences[index];
    }
    return result;
  };

  return {
    history: () => [...entries.values()].map(toRecord),
    get acknowledged() {
      return acknowledged;
    },
    emit,
    async emitUntilAcknowledged(inputs) {
      for (;;) {
        signal?.throwIfAborted();
        const result = await emit(inputs);
        if (result.outcome === 'ok') return result;
        if (result.outcome === 'failed' && !result.retryable) throw new Error(`refused for good: ${result.code}`);
        await delay(retryDelayMs, undefined, signal === undefined ? {} : { signal });
      }
    },
  };
}

function newEntry(input: EmitInput): Entry {
  return { input, beganAt: performance.now(), acknowledgedAt: undefined, sequence: undefined, inDoubt: 0 };
}

function toRecord({ input: { taskId, eventId }, beganAt, acknowledgedAt, sequence, inDoubt }: Entry): EmitRecord {
  if (sequence === undefined || acknowledgedAt === undefined) {
    return { taskId, eventId, outcome: inDoubt > 0 ? 'unknown' : 'failed', beganAt };
  }
  return { taskId, eventId, outcome: 'ok', sequence, beganAt, acknowledgedAt };
}

async function attempt(
  url: string,
  inputs: EmitInput | readonly EmitInput[],
  signal: AbortSignal,
): Promise<EmitResult> {
  const body = isMany(inputs) ? { query: MANY, variables: { inputs } } : { query: ONE, variables: { input: inputs } };
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json' },
      body: JSON.stringify(body),
      signal,
    });
    const answer = Answer.safeParse(await response.json());
    // Something answered, but not GraphQL: whether it passed the request on cannot be known.
    if (!answer.success) return { outcome: 'unknown', cause: `HTTP ${response.status}` };
    return toResult(answer.data, response.headers.get('connection') === 'close');
  } catch (error) {
    const code = causeCode(error);
    // A connection that was never made carried nothing.
    if (code === 'ECONNREFUSED') return { outcome: 'failed', code, retryable: true };
    return { outcome: 'unknown', cause: code ?? String(error) };
  }
}

function toResult({ data, errors }: z.infer<typeof Answer>, last: boolean): EmitResult {
  const one = data?.emitEvent;
  const recorded = data?.emitEvents?.results ?? (one === undefined || one === null ? [] : [one]);
  if (errors === undefined && recorded.length > 0) {
    const duplicates = recorded.filter(({ duplicate }) => duplicate).length;
    return { outcome: 'ok', sequences: recorded.map(({ event }) => event.sequence), duplicates, last };
  }
  const { code, outcome } = errors?.[0]?.extensions ?? { code: 'NONE' };
  if (outcome === 'UNKNOWN' || code === 'INTERNAL_SERVER_ERROR') return { outcome: 'unknown', cause: code };
  return { outcome: 'failed', code, retryable: RETRYABLE.has(code) };
}

/** The system's error code, which fetch hides one or more causes deep. */
function causeCode(error: unknown): string | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && typeof cause.code === 'string') return cause.code;
  }
  return undefined;
}

function isMany(inputs: EmitInput | readonly EmitInput[]): inputs is readonly EmitInput[] {
  return Array.isArray(inputs);
}

function toList(inputs: EmitInput | readonly EmitInput[]): readonly EmitInput[] {
  return isMany(inputs) ? inputs : [inputs];
}
