/**
 * GraphQL's answers over HTTP. Yoga gives them, for it knows every rule of them; emits as producers send them, which are
 * nearly all that comes, and pages of events, which are the largest answers, are answered without its cost, in the form
 * in which Yoga answers the same client, and handed to it as soon as there is more to say than what was asked for.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { OverloadedError } from '../domain/errors.ts';
import type { SchemaContext } from '../schema/context.ts';
import { toPayload, type MaskError } from './errors.ts';
import { utf8AsLatin1 } from './frame.ts';
import type { Graphql, Operation } from './graphql.ts';
import { isJsonContentType, isPacked, parsePostBody } from './graphql-request.ts';
import { readBody, sendAnswer, sendJson } from './http-messages.ts';

export type AnswerGraphql = (
  request: IncomingMessage,
  response: ServerResponse,
  context: SchemaContext,
) => Promise<void>;

/** Kinds of clients, by what they accept, whose form of answer is remembered. */
const MAX_CLIENT_KINDS = 100;
const MAX_ACCEPT_LENGTH = 200;
const JSON_ANSWER = /^application\/(?:graphql-response\+)?json;/;

export interface GraphqlAnswersOptions {
  readonly graphql: Graphql;
  readonly mask: MaskError;
  readonly maxBodyBytes: number;
  /** So much waits to be recorded that an emit would be refused. */
  readonly isOverloaded: () => boolean;
}

export function createGraphqlAnswers({
  graphql,
  mask,
  maxBodyBytes,
  isOverloaded,
}: GraphqlAnswersOptions): AnswerGraphql {
  /** The content type that Yoga chose, by what the client accepts. */
  const contentTypes = new Map<string, string>();

  function remember({ headers: { accept = '' } }: IncomingMessage, answer: Response): void {
    const contentType = answer.headers.get('content-type');
    if (answer.status !== 200 || contentType === null || accept.length > MAX_ACCEPT_LENGTH) return;
    // Yoga has other forms for who takes no JSON.
    if (!JSON_ANSWER.test(contentType)) return;
    contentTypes.set(accept, contentType);
    // The oldest goes: if such clients still come, the next of them is remembered again.
    const [oldest] = contentTypes.keys();
    if (contentTypes.size > MAX_CLIENT_KINDS && oldest !== undefined) contentTypes.delete(oldest);
  }

  const byYoga: AnswerGraphql = async (request, response, context) => {
    // Not by Yoga's own listener: it answers what goes wrong around it with the stack of the error.
    const answer = await graphql.yoga.handleNodeRequestAndResponse(request, response, { ...context });
    if (request.method === 'POST') remember(request, answer);
    await sendAnswer(response, answer);
  };

  return async (request, response, context) => {
    const contentType = contentTypes.get(request.headers.accept ?? '');
    if (contentType === undefined || !isSized(request, maxBodyBytes)) return byYoga(request, response, context);
    const body = await readBody(request, maxBodyBytes);
    if (body !== undefined && isOverloaded() && isEmit(body)) return shed(response);
    const answer = body === undefined ? undefined : await findShortWay(body, context);
    const outcome = await answer?.();
    if (outcome !== undefined && 'json' in outcome) {
      const json = utf8AsLatin1(outcome.json);
      response
        .writeHead(200, {
          'content-type': contentType,
          'content-length': json.length,
          'x-content-type-options': 'nosniff',
        })
        .end(json, 'latin1');
      return;
    }
    const { method, headers, url = '' } = request;
    const again = await graphql.yoga.fetch(
      new URL(url, `http://${headers.host ?? 'localhost'}`),
      { method: method ?? 'POST', headers: plainHeaders(headers), body: body === undefined ? null : Buffer.from(body) },
      outcome === undefined ? { ...context } : { ...context, manager: outcome.replay },
    );
    await sendAnswer(response, again);
  };

  /** Reading what would be refused takes longer than refusing it, and time is what there is too little of. */
  function shed(response: ServerResponse): void {
    const error = new OverloadedError();
    response.setHeader('retry-after', Math.ceil(error.retryAfterMs / 1_000));
    sendJson(response, 503, { errors: [toPayload(mask(error))] }, 'application/graphql-response+json');
  }

  async function findShortWay(body: Uint8Array, context: SchemaContext): Promise<Operation['answerShortly']> {
    try {
      const request = parsePostBody(body);
      // Nothing else is worth being read here as well as by Yoga.
      if (!/emitEvent|taskEvents/.test(request.query)) return undefined;
      const operation = await graphql.prepare(request, context);
      return 'kind' in operation ? operation.answerShortly : undefined;
    } catch {
      // Yoga reads it once more, and says what is wrong with it.
      return undefined;
    }
  }
}

/** Or something that speaks of one; then it is told the same, for once too often. */
function isEmit(body: Uint8Array): boolean {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).includes('emitEvent');
}

/** A JSON body that says its size, and is not packed. */
function isSized({ method, headers }: IncomingMessage, maxBodyBytes: number): boolean {
  if (method !== 'POST' || !isJsonContentType(headers['content-type'])) return false;
  if (isPacked(headers['content-encoding'])) return false;
  return Number(headers['content-length'] ?? Number.NaN) <= maxBodyBytes;
}

function plainHeaders(headers: IncomingMessage['headers']): [string, string][] {
  return Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value] satisfies [string, string]],
  );
}
