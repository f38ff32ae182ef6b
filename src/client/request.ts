/**
 * One query or mutation over HTTP, typed by its document. It answers with data or throws one of two errors; an
 * answer that is not GraphQL (a proxy's error page, another server on that port) counts as no answer.
 */
import { ConnectionFailedError, isPassing, toOperationFailedError } from './errors.ts';
import type { TypedDocument } from './typed-document.ts';

export interface PostOptions {
  /** Of the GraphQL endpoint, e.g. http://127.0.0.1:4000/graphql */
  readonly url: string;
  readonly signal?: AbortSignal | undefined;
  /** How long to wait for the whole answer. */
  readonly timeoutMs?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Goes on when the page is left, if it has at most 64 KiB. */
  readonly keepalive?: boolean;
}

export interface RequestOptions<Data, Variables> extends PostOptions {
  readonly document: TypedDocument<Data, Variables>;
  readonly variables: Variables;
}

export async function request<Data, Variables>(options: RequestOptions<Data, Variables>): Promise<Data> {
  const { document, variables } = options;
  return post(JSON.stringify({ query: document.toString(), variables }), options);
}

/** @param body the JSON of a request whose answer holds `Data`. */
export async function post<Data>(body: string, options: PostOptions): Promise<Data> {
  const { url, signal, timeoutMs = 30_000, headers, keepalive = false } = options;
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', accept: 'application/graphql-response+json' },
      body,
      keepalive,
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    return readAnswer<Data>(await response.text(), response, url);
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason;
    if (timeout.aborted) throw new ConnectionFailedError(`No answer from ${url} within ${timeoutMs} ms.`);
    if (error instanceof TypeError)
      throw new ConnectionFailedError(`Cannot reach ${url}: ${whyOf(error)}`, { cause: error });
    throw error;
  }
}

function readAnswer<Data>(text: string, response: Response, url: string): Data {
  const body = parseJson(text);
  // The contract's types are generated from the schema that the server prints; it is the one place of trust.
  if (isObject(body) && !('errors' in body) && 'data' in body && body.data !== null) return body.data as Data;
  throw toRefusal(body, response, url);
}

/** What an answer without data says: the server's no, or that somebody else answered in its place. */
export function toRefusal(body: unknown, { status, headers }: Response, url: string): Error {
  // Seconds, as Drumline and proxies say it; the other form, a date, counts as nothing said.
  const retryAfterMs = Number(headers.get('retry-after')) * 1_000 || undefined;
  const noAnswer = (why: string): ConnectionFailedError =>
    new ConnectionFailedError(`${url} answered ${status} ${why}`, { status, retryAfterMs });
  if (!isObject(body)) return noAnswer('without GraphQL; is it a Drumline server?');
  if (!('errors' in body)) return noAnswer('without data; is it a Drumline server?');
  const error = toOperationFailedError(body.errors);
  // It is not that the caller was refused: nobody could be asked about it.
  if (status === 503 && error.code === 'UNAUTHENTICATED') return noAnswer('and cannot tell who asks.');
  // A gateway's own words: ours have a code.
  const passing = noAnswer('in the place of a Drumline server.');
  return !error.hasCode && isPassing(passing) ? passing : error;
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** fetch hides the reason (ECONNREFUSED, ENOTFOUND …) in the cause. */
function whyOf(error: TypeError): string {
  const { cause } = error;
  if (typeof cause === 'object' && cause !== null && 'code' in cause && typeof cause.code === 'string')
    return cause.code;
  return cause instanceof Error && cause.message !== '' ? cause.message : error.message;
}
