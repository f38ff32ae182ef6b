/**
 * One batch, until each of its events is recorded or refused. The server takes all of a batch or nothing, so one bad
 * event must not cost the others: whom the refusal names is told so, and the rest is sent again, in its order. A
 * refusal that names nobody, though it may be about one of them, is asked about by halves.
 */
import { callForeign } from '../util/call-foreign.ts';
import { retryDelayMs } from '../util/retry-delay.ts';
import { ConnectionFailedError, isAboutCaller, isPassing, OperationFailedError } from '../client/errors.ts';
import type { EmitterOptions, RecordedEvent } from './options.ts';
import { EmitEventsDocument, type EmitEventsMutation } from '../client/generated/graphql.ts';
import { post, type PostOptions } from '../client/request.ts';
import { headersOf } from '../client/transport.ts';

/** An event that waits for its answer. */
export interface Entry {
  /** As it is sent, however often: what the caller changes in the event later is not in it. */
  readonly json: string;
  readonly bytes: number;
  /** Settled by the two functions. */
  readonly recorded: Promise<RecordedEvent>;
  readonly resolve: (recorded: RecordedEvent) => void;
  readonly reject: (error: unknown) => void;
}

export interface Delivery {
  /** All or nothing; throws the two errors of `errors.ts`. */
  send(entries: readonly Entry[], options: Omit<PostOptions, 'url' | 'headers'>): Promise<readonly RecordedEvent[]>;
  /** Returns early when the signal aborts; then some entries are still without an answer. */
  deliver(batch: readonly Entry[], ways: DeliveryWays): Promise<void>;
}

export interface DeliveryWays {
  readonly signal: AbortSignal;
  /** Resolves when it is time for the next try. */
  readonly pause: (ms: number) => Promise<void>;
  /** Called with each acceptance, before anybody is told of it. */
  readonly onAnswer: () => void;
}

/** @param url of the GraphQL endpoint, http(s) */
export function createDelivery(url: string, options: EmitterOptions): Delivery {
  const { headers, token, timeoutMs = 30_000, random = Math.random, retryCapMs: capMs = 30_000, onRetry } = options;
  const isRenewable = typeof (token ?? headers) === 'function';
  /** Asked for once, and again when it is taken no longer. */
  let credentials: Promise<Readonly<Record<string, string>>> | undefined;

  async function ask(): Promise<Readonly<Record<string, string>>> {
    const bearer = typeof token === 'function' ? await token() : token;
    return { ...(await headersOf(headers)), ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }) };
  }

  async function ours(): Promise<Readonly<Record<string, string>>> {
    try {
      return await (credentials ??= ask());
    } catch (cause) {
      credentials = undefined;
      throw new ConnectionFailedError('There is no token to be had.', { cause });
    }
  }

  async function send(
    entries: readonly Entry[],
    postOptions: Omit<PostOptions, 'url' | 'headers'>,
  ): Promise<readonly RecordedEvent[]> {
    const body = `${HEAD}${entries.map(({ json }) => json).join(',')}]}}`;
    const { emitEvents } = await post<EmitEventsMutation>(body, {
      ...postOptions,
      url,
      timeoutMs,
      headers: await ours(),
    });
    return emitEvents.results.map(({ event, duplicate }) => ({ ...event, duplicate }));
  }

  async function deliver(batch: readonly Entry[], { signal, pause, onAnswer }: DeliveryWays): Promise<void> {
    const parts = [batch];
    let failures = 0;
    let isRenewed = false;
    for (let part = parts.shift(); part !== undefined && !signal.aborted; part = parts.shift()) {
      credentials ??= ask();
      const shown = credentials;
      try {
        const results = await send(part, { signal });
        onAnswer();
        for (const [index, result] of results.entries()) part[index]?.resolve(result);
        failures = 0;
        isRenewed = false;
      } catch (error) {
        if (signal.aborted) return;
        if (isAnswer(error) && isPassing(error)) {
          const retryInMs = retryDelayMs(failures, { random, capMs }) + (error.retryAfterMs ?? 0);
          failures += 1;
          callForeign(() => onRetry?.(error, retryInMs));
          if (!signal.aborted) await pause(retryInMs);
          parts.unshift(part);
        } else if (isRenewable && !isRenewed && isAnswer(error) && isAboutCaller(error)) {
          // Another batch may have asked for new ones meanwhile.
          if (credentials === shown) credentials = undefined;
          isRenewed = true;
          parts.unshift(part);
        } else parts.unshift(...withoutRefused(part, error));
      }
    }
  }

  return { send, deliver };
}

const HEAD = `{"query":${JSON.stringify(EmitEventsDocument.toString())},"variables":{"inputs":[`;

/** Codes that are about the request as such, and of no part of it another. */
const OF_ALL = /^(?:UNAUTHENTICATED|TOKEN_|GRAPHQL_|CONNECTION_)/;

type Answer = OperationFailedError | ConnectionFailedError;

function isAnswer(error: unknown): error is Answer {
  return error instanceof OperationFailedError || error instanceof ConnectionFailedError;
}

/** What is left to send, in order, once those that are refused know of it. */
function withoutRefused(part: readonly Entry[], error: unknown): (readonly Entry[])[] {
  const isOperation = error instanceof OperationFailedError;
  const issues = isOperation ? error.issues.filter(({ path: [argument] }) => argument === 'inputs') : [];
  const rest = part.filter((entry, index) => {
    // Whoever emitted one event knows it as `input`.
    const own = issues
      .filter(({ path }) => path[1] === index)
      .map(({ path, message }) => ({ message, path: ['input', ...path.slice(2)] }));
    if (own.length === 0 || !isOperation) return true;
    const message = own.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
    entry.reject(new OperationFailedError(error.code, message, own, error.errors));
    return false;
  });
  if (rest.length < part.length) return rest.length === 0 ? [] : [rest];
  const isTooLarge = error instanceof ConnectionFailedError && error.status === 413;
  if (part.length > 1 && isAnswer(error) && (isTooLarge || !OF_ALL.test(error.code))) {
    const middle = Math.ceil(part.length / 2);
    return [part.slice(0, middle), part.slice(middle)];
  }
  for (const entry of part) entry.reject(error);
  return [];
}
