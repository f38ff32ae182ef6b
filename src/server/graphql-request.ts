/**
 * A GraphQL request over HTTP, read strictly: JSON bodies only (a form that another site submits is refused), valid
 * UTF-8, well-typed parameters, no batches. The same reading for answers and for event streams.
 */
import { z } from 'zod';
import { requestError } from './errors.ts';

export interface GraphqlRequest {
  readonly query: string;
  readonly operationName?: string;
  readonly variables?: Record<string, unknown>;
  readonly extensions?: Record<string, unknown>;
}

const GraphqlRequest = z.strictObject({
  query: z.string(),
  operationName: z.string().nullish(),
  variables: z.record(z.string(), z.unknown()).nullish(),
  extensions: z.record(z.string(), z.unknown()).nullish(),
});

const UNKNOWN_KEY = 'it has a key beside query, operationName, variables and extensions';

/** @param bytes the whole body. @throws GraphQLError BAD_REQUEST */
export function parsePostBody(bytes: Uint8Array): GraphqlRequest {
  return checkRequest(parseJson(decodeUtf8(bytes), 'The body'));
}

/** @throws GraphQLError BAD_REQUEST */
export function parseGetParams(params: URLSearchParams): GraphqlRequest {
  return checkRequest({
    query: params.get('query') ?? undefined,
    operationName: params.get('operationName'),
    variables: jsonParam(params, 'variables'),
    extensions: jsonParam(params, 'extensions'),
  });
}

/** Whether a POST says that its body is JSON, whatever its parameters. */
export function isJsonContentType(contentType: string | null | undefined): boolean {
  const mediaType = contentType?.split(';')[0]?.trim().toLowerCase();
  return mediaType === 'application/json' || mediaType === 'application/graphql+json';
}

/** Whether a body has to be unpacked, which nothing here does: a small one may hold any amount. */
export function isPacked(contentEncoding: string | null | undefined): boolean {
  return contentEncoding != null && !/^(?:identity)?$/i.test(contentEncoding.trim());
}

function checkRequest(value: unknown): GraphqlRequest {
  if (Array.isArray(value)) throw requestError('BAD_REQUEST', 'Batched requests are not supported.');
  const result = GraphqlRequest.safeParse(value);
  if (!result.success) {
    const issue = result.error.issues[0];
    const place = issue?.path.join('.') ?? '';
    // A misspelt `variables` that is passed over would be a request that means something else.
    const wrong = issue?.code === 'unrecognized_keys' ? UNKNOWN_KEY : `${place || 'the body'} ${expectation(place)}`;
    throw requestError('BAD_REQUEST', `The request is not well-formed: ${wrong}.`);
  }
  const { query, operationName, variables, extensions } = result.data;
  return {
    query,
    ...(operationName == null ? {} : { operationName }),
    ...(variables == null ? {} : { variables }),
    ...(extensions == null ? {} : { extensions }),
  };
}

function expectation(place: string): string {
  if (place === 'query' || place === 'operationName') return 'must be a string';
  return 'must be a JSON object';
}

function jsonParam(params: URLSearchParams, name: string): unknown {
  const text = params.get(name);
  return text === null || text === '' ? undefined : parseJson(text, `The parameter ${name}`);
}

/** The parser's own message may repeat what was sent, so it is not shown. */
function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw requestError('BAD_REQUEST', `${what} is not valid JSON.`);
  }
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw requestError('BAD_REQUEST', 'The body is not valid UTF-8.');
  }
}
