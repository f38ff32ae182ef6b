/**
 * One query or mutation over HTTP, typed by its document. It answers with data or throws one of two errors; an
 * answer that is not GraphQL (a proxy's error page, another server on that port) counts as no answer.
 */
import { ConnectionFailedError, toOperationFailedError } from './errors.ts';
import type { TypedDocument } from './typed-document.ts';

export interface RequestOptions<Data, Variables> {
  /** Of the GraphQL endpoint, e.g. http://127.0.0.1:4000/graphql */
  readonly url: string;
  readonly document: TypedDocument<Data, Variables>;
  readonly variables: Variables;
  readonly signal?: AbortSignal | undefined;
  /** How long to wait for the whole answer. */
  readonly timeoutMs?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Of a page that is left: the request goes on without it. At most 64 KiB. */
  readonly keepalive?: boolean;
}

export async function request<Data, Variables>(options: RequestOptions<Data, Variables>): Promise<Data> {
  const { url, document, variables, signal, timeoutMs = 30_000, headers, keepalive = false } = options;
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', accept: 'application/graphql-response+json' },
      keepalive,
      body: JSON.stringify({ query: document.toString(), variables }),
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    return readAnswer<Data>(await response.text(), response.status, url);
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason;
    if (timeout.aborted) throw new ConnectionFailedError(`No answer from ${url} within ${timeoutMs} ms.`);
    if (error instanceof TypeError)
      throw new ConnectionFailedError(`Cannot reach ${url}: ${whyOf(error)}`, { cause: error });
    throw error;
  }
}

function readAnswer<Data>(text: string, status: number, url: string): Data {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new ConnectionFailedError(`${url} answered ${status} without GraphQL; is it a Drumline server?`, { status });
  }
  if (typeof body === 'object' && body !== null) {
    if ('errors' in body) throw toOperationFailedError(body.errors);
    // The contract's types are generated from the schema that the server prints; it is the one place of trust.
    if ('data' in body && body.data !== null) return body.data as Data;
  }
  throw new ConnectionFailedError(`${url} answered ${status} without data; is it a Drumline server?`, { status });
}

/** fetch hides the reason (ECONNREFUSED, ENOTFOUND …) in the cause. */
function whyOf(error: TypeError): string {
  const { cause } = error;
  if (typeof cause === 'object' && cause !== null && 'code' in cause && typeof cause.code === 'string')
    return cause.code;
  return cause instanceof Error && cause.message !== '' ? cause.message : error.message;
}
