/**
 * GraphQL, for every transport: one chain of plugins decides how a document is read, checked and executed. Yoga
 * answers queries and mutations over HTTP; event streams and WebSockets take the same chain through `prepare`.
 */
import {
  execute,
  getOperationAST,
  GraphQLError,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type OperationTypeNode,
} from 'graphql';
import { createYoga, type Plugin, type YogaServerInstance } from 'graphql-yoga';
import type { SchemaContext, StreamExtension } from '../schema/context.ts';
import type { PullStream } from '../util/pull-stream.ts';
import { compileEmit } from './compiled-emit.ts';
import { compilePage } from './compiled-page.ts';
import { checkCost } from './document-limits.ts';
import { noQuery, parseDocument, validateDocument } from './document.ts';
import { maskResult, requestError, type MaskError } from './errors.ts';
import type { Frame } from './frame.ts';
import { isJsonContentType, isPacked, parseGetParams, parsePostBody, type GraphqlRequest } from './graphql-request.ts';
import type { Metrics } from './metrics.ts';
import { createPreparedDocuments, type PreparedDocument } from './prepared-documents.ts';
import type { Session } from './session.ts';
import { createSharedExecution } from './shared-execution.ts';
import type { ShortOutcome } from './short-way.ts';
import { subscribeOperation } from './subscribe.ts';

export interface GraphqlOptions {
  readonly schema: GraphQLSchema;
  readonly mask: MaskError;
  readonly maxBodyBytes: number;
  /** Tell nothing of the schema that a caller did not name. */
  readonly isDiscreet: boolean;
  /** Left out: nothing is counted. */
  readonly metrics?: Pick<Metrics, 'traffic' | 'delivered' | 'gap'> | undefined;
  /** Told of each operation that is about to run. */
  readonly onOperation?: ((operation: OperationDefinitionNode) => void) | undefined;
}

/** A document that was read and checked, with everything needed to run it. */
export interface Operation {
  readonly kind: OperationTypeNode;
  readonly args: ExecutionArgs;
  /** Answers it the short way, where it has one. */
  readonly answerShortly: (() => Promise<ShortOutcome>) | undefined;
}

export interface Graphql {
  /** Answers queries and mutations over HTTP. */
  readonly yoga: YogaServerInstance<SchemaContext, object>;
  /** Read and check a document. @returns the masked errors when it cannot be run. */
  prepare(request: GraphqlRequest, context: SchemaContext): Promise<Operation | readonly GraphQLError[]>;
  /** Run a query or a mutation. Never throws. */
  run(args: ExecutionArgs): Promise<ExecutionResult>;
  /** Run a subscription. @returns a result without data when it could not begin. */
  subscribe(args: ExecutionArgs): Promise<PullStream<Frame> | ExecutionResult>;
}

export const GRAPHQL_PATH = '/graphql';

export function createGraphql(options: GraphqlOptions): Graphql {
  const { schema, mask, maxBodyBytes, isDiscreet, metrics, onOperation } = options;
  const yoga = createYoga<SchemaContext, object>({
    schema,
    graphqlEndpoint: GRAPHQL_PATH,
    plugins: [
      // First: what is not a strict JSON request goes no further.
      useStrictRequests(),
      // Then every document is measured, parsed and validated in one way; Yoga caches the outcome by its text.
      useCheckedDocuments(isDiscreet),
      // Last: graphql-js itself runs it, and errors are masked where they arise.
      useExecution(options),
    ],
    maskedErrors: { maskError: (error) => mask(error) },
    maxRequestBodySize: maxBodyBytes,
    // What a browser of another origin may do is decided in one place for all transports: `origin.ts`.
    cors: false,
    // Served from our own files by `graphiql.ts`, and health by `health.ts`.
    graphiql: false,
    landingPage: false,
    multipart: false,
    logging: false,
  });

  const documents = createPreparedDocuments();

  function toOperation(
    { document, operation, shortWay }: PreparedDocument,
    { operationName, variables }: GraphqlRequest,
    contextValue: SchemaContext,
  ): Operation {
    const args: ExecutionArgs = {
      schema,
      document,
      operationName: operationName ?? null,
      variableValues: variables ?? null,
      contextValue,
      hideSuggestions: isDiscreet,
    };
    const answer = shortWay?.parse(variables ?? {});
    // An emit that was parsed is no more than a batch may hold.
    if (answer === undefined || operation.operation === 'query') checkCost(document, operation, variables);
    onOperation?.(operation);
    return {
      kind: operation.operation,
      args,
      answerShortly: answer === undefined ? undefined : () => answer(contextValue.manager),
    };
  }

  function known(request: GraphqlRequest, context: SchemaContext): Operation | undefined {
    const prepared = documents.get(request.query, request.operationName);
    return prepared === undefined ? undefined : toOperation(prepared, request, context);
  }

  async function prepare(
    request: GraphqlRequest,
    context: SchemaContext,
  ): Promise<Operation | readonly GraphQLError[]> {
    try {
      const checked = known(request, context);
      if (checked !== undefined) return checked;
      const enveloped = yoga.getEnveloped({ params: request });
      const document: DocumentNode = enveloped.parse(request.query);
      // In the order in which Yoga looks, so that one document has one answer.
      const operation = getOperationAST(document, request.operationName);
      if (operation == null) return [unknownOperation(request.operationName)];
      const errors: readonly GraphQLError[] = enveloped.validate(enveloped.schema, document);
      if (errors.length > 0) return errors.map(mask);
      const shortWay = compileEmit(schema, document, operation) ?? compilePage(schema, document, operation);
      const prepared = { document, operation, shortWay };
      documents.set(request.query, request.operationName, prepared);
      return toOperation(prepared, request, context);
    } catch (error) {
      return [mask(error)];
    }
  }

  const shared = createSharedExecution({ mask, onReady: metrics && toObserver(metrics) });
  return {
    yoga,
    prepare,
    run: (args) => runOperation(args, mask),
    subscribe: (args) =>
      subscribeOperation(args, { mask, shared, session: sessionOf(args), traffic: metrics?.traffic }),
  };
}

function useStrictRequests(): Plugin {
  return {
    onRequestParse({ request, url, setRequestParser, endResponse, fetchAPI }) {
      if (request.method === 'GET') setRequestParser(() => parseGetParams(url.searchParams));
      if (request.method !== 'POST') return;
      if (!isJsonContentType(request.headers.get('content-type'))) {
        endResponse(new fetchAPI.Response('The content type must be application/json.\n', { status: 415 }));
      } else if (isPacked(request.headers.get('content-encoding'))) {
        endResponse(new fetchAPI.Response('The body must not be packed.\n', { status: 415 }));
      } else {
        setRequestParser(async (post) => parsePostBody(await wholeBody(post)));
      }
    },
    onParams({ params }) {
      // Refused as a document it would be 200 for the legacy media type.
      if (params.query === '') throw noQuery();
    },
  };
}

async function wholeBody(request: Request): Promise<Uint8Array> {
  try {
    return new Uint8Array(await request.arrayBuffer());
  } catch (error) {
    // Too large is what Yoga says; else the client left in the middle, which is no fault of ours.
    throw error instanceof GraphQLError ? error : requestError('BAD_REQUEST', 'The body did not arrive whole.');
  }
}

function useCheckedDocuments(isDiscreet: boolean): Plugin {
  return {
    onParse({ setParseFn }) {
      setParseFn((source: unknown) => parseDocument(sourceText(source)));
    },
    onValidate({ setValidationFn }) {
      setValidationFn((schema: GraphQLSchema, document: DocumentNode) =>
        validateDocument(schema, document, { isDiscreet }),
      );
    },
  };
}

function sourceText(source: unknown): string {
  if (typeof source === 'string') return source;
  return typeof source === 'object' && source !== null && 'body' in source ? String(source.body) : '';
}

function useExecution({ mask, isDiscreet, onOperation }: GraphqlOptions): Plugin {
  return {
    onExecute({ args, setExecuteFn }) {
      const operation = getOperationAST(args.document, args.operationName);
      if (operation == null) throw unknownOperation(args.operationName);
      checkCost(args.document, operation, args.variableValues);
      onOperation?.(operation);
      setExecuteFn((executionArgs: ExecutionArgs) =>
        runOperation({ ...executionArgs, hideSuggestions: isDiscreet }, mask),
      );
    },
    // Streams have a transport of their own, with resume, keep-alive and drain; who did not ask for it gets no other.
    onSubscribe() {
      throw new GraphQLError('Subscriptions are answered as text/event-stream, or over WebSocket.', {
        extensions: { code: 'BAD_REQUEST', http: { status: 406 } },
      });
    },
  };
}

async function runOperation(args: ExecutionArgs, mask: MaskError): Promise<ExecutionResult> {
  try {
    return maskResult(await execute(args), mask);
  } catch (error) {
    return { errors: [mask(error)] };
  }
}

/** Each item once, however many watch it. */
function toObserver({ delivered, gap }: Pick<Metrics, 'delivered' | 'gap'>) {
  return (item: object, { recordedAtOf, gapOf }: StreamExtension): void => {
    const recordedAt = recordedAtOf?.(item);
    if (recordedAt !== undefined) delivered(recordedAt);
    const reason = gapOf?.(item);
    if (reason !== undefined) gap(reason);
  };
}

/** The context is what `prepare` made. Left out by whoever calls without a transport. */
function sessionOf({ contextValue }: ExecutionArgs): Session | undefined {
  return (contextValue as { readonly session?: Session }).session;
}

function unknownOperation(name: string | null | undefined): GraphQLError {
  const message =
    name == null ? 'Say by operationName which operation to run.' : `There is no operation named ${name}.`;
  return requestError('OPERATION_RESOLUTION_FAILURE', message);
}
