/**
 * Spans of OpenTelemetry, where the process has its SDK: a request and what it asks for, each append, and the start of
 * each subscription, under the trace that the caller named in `traceparent`. Where nobody registered an SDK not even
 * its API is loaded, and every part of the server is the one that it would be without this file.
 *
 * Names of spans and attributes are few; ids of tasks, of which there is no end, are told only when that is asked for.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type * as OpenTelemetry from '@opentelemetry/api';
import type { Attributes, Context, Span } from '@opentelemetry/api';
import { getOperationAST, type ExecutionArgs, type GraphQLError, type OperationDefinitionNode } from 'graphql';
import { DrumlineError } from '../domain/errors.ts';
import type { EventVerbs } from '../manager/event-manager.ts';
import type { MaskError } from './errors.ts';
import type { Graphql } from './graphql.ts';
import type { AnswerGraphql } from './http-graphql.ts';
import type { Logger } from './logger.ts';
import type { SseTransport } from './sse.ts';

/** Each takes a part of the server and gives one that is traced; off, the very same. */
export interface Tracing {
  answers(answer: AnswerGraphql): AnswerGraphql;
  streams(sse: Streams): Streams;
  graphql(graphql: Graphql): Graphql;
  manager(manager: EventVerbs): EventVerbs;
  mask(mask: MaskError): MaskError;
  /** What the request at hand turned out to ask for. Undefined: nobody wants to know. */
  readonly onOperation: ((operation: OperationDefinitionNode) => void) | undefined;
}

type Streams = Pick<SseTransport, 'handle' | 'drain'>;

export interface TracingOptions {
  /** Name the tasks of an append. */
  readonly traceTaskIds: boolean;
  readonly logger: Pick<Logger, 'warn'>;
}

type Api = typeof OpenTelemetry;

/** Where all copies of the API look for what was registered; its `trace` is there once an SDK is. */
const REGISTRY = Symbol.for('opentelemetry.js.api.1');
const MAX_NAME_LENGTH = 100;
/** Refusals are the caller's affair; these are ours. */
const FAULTS: ReadonlySet<string> = new Set([
  'INTERNAL_SERVER_ERROR',
  'STORE_CORRUPT',
  'STORE_FULL',
  'STORE_UNAVAILABLE',
]);

const OFF: Tracing = Object.freeze({
  answers: (answer: AnswerGraphql) => answer,
  streams: (sse: Streams) => sse,
  graphql: (graphql: Graphql) => graphql,
  manager: (manager: EventVerbs) => manager,
  mask: (mask: MaskError) => mask,
  onOperation: undefined,
});

export async function openTracing({ traceTaskIds, logger }: TracingOptions): Promise<Tracing> {
  const registry: unknown = Reflect.get(globalThis, REGISTRY);
  if (typeof registry !== 'object' || registry === null || !('trace' in registry)) return OFF;
  const api = await import('@opentelemetry/api').catch(() => undefined);
  // A copy of the API does not speak to an SDK that was registered through an older one.
  if (api !== undefined && api.trace.getTracerProvider() === registry.trace) return createTracing(api, traceTaskIds);
  const versions = { sdk: 'version' in registry ? registry.version : undefined };
  logger.warn(
    versions,
    'no traces: the SDK came with another @opentelemetry/api; install both with one, as new as ours',
  );
  return OFF;
}

function createTracing(api: Api, traceTaskIds: boolean): Tracing {
  const { context, propagation, trace, SpanKind, SpanStatusCode } = api;
  const tracer = trace.getTracer('drumline');
  const failed = new WeakSet<Span>();

  /** Beneath what instruments HTTP, if anything does; else beneath what the caller named. */
  function contextOf({ headers }: IncomingMessage): Context {
    const active = context.active();
    return trace.getSpan(active) === undefined ? propagation.extract(active, headers) : active;
  }

  function fail(span: Span | undefined, code: string): void {
    // One that is over is not told of what happens in its stream later.
    if (span?.isRecording() !== true) return;
    failed.add(span);
    span.setAttribute('error.type', code);
    if (FAULTS.has(code)) span.setStatus({ code: SpanStatusCode.ERROR });
  }

  function within<Result>(
    name: string,
    attributes: Attributes,
    work: (span: Span) => Promise<Result>,
  ): Promise<Result> {
    return tracer.startActiveSpan(name, { attributes }, async (span) => {
      try {
        return await work(span);
      } catch (error) {
        fail(span, error instanceof DrumlineError ? error.code : 'INTERNAL_SERVER_ERROR');
        throw error;
      } finally {
        span.end();
      }
    });
  }

  function append<Result>(
    inputs: readonly { readonly taskId: string }[],
    work: () => Promise<Result>,
  ): Promise<Result> {
    const ids = traceTaskIds ? { 'drumline.task.ids': [...new Set(inputs.map(({ taskId }) => taskId))] } : {};
    return within('append', { 'drumline.events': inputs.length, ...ids }, work);
  }

  return {
    answers: (answer) => (request: IncomingMessage, response: ServerResponse, schemaContext) => {
      const options = { kind: SpanKind.SERVER, attributes: { 'http.request.method': request.method ?? '' } };
      return tracer.startActiveSpan('GraphQL', options, contextOf(request), async (span) => {
        try {
          await answer(request, response, schemaContext);
        } catch (error) {
          fail(span, 'INTERNAL_SERVER_ERROR');
          throw error;
        } finally {
          const { statusCode } = response;
          span.setAttribute('http.response.status_code', statusCode);
          // What Yoga refuses before anything is executed is known by its status alone.
          if (statusCode >= 400 && !failed.has(span)) fail(span, String(statusCode));
          span.end();
        }
      });
    },
    streams: (sse) => ({
      drain: () => sse.drain(),
      handle: (request, response, schemaContext) =>
        context.with(contextOf(request), () => sse.handle(request, response, schemaContext)),
    }),
    graphql: (graphql) => ({
      ...graphql,
      subscribe: (args) =>
        within('subscribe', attributesOf(operationOf(args)), async (span) => {
          const begun = await graphql.subscribe(args);
          if ('errors' in begun) fail(span, codeOf(begun.errors));
          return begun;
        }),
    }),
    manager: (manager) => ({
      ...manager,
      emit: (input) => append([input], () => manager.emit(input)),
      emitMany: (inputs) => append(inputs, () => manager.emitMany(inputs)),
      emitParsed: (event) => append([event], () => manager.emitParsed(event)),
      emitManyParsed: (events) => append(events, () => manager.emitManyParsed(events)),
    }),
    mask: (mask) => (error) => {
      const masked = mask(error);
      fail(trace.getActiveSpan(), codeOf([masked]));
      return masked;
    },
    onOperation(operation) {
      const span = trace.getActiveSpan();
      if (span?.isRecording() !== true) return;
      span.updateName(operation.operation).setAttributes(attributesOf(operation));
    },
  };
}

function operationOf({ document, operationName }: ExecutionArgs): OperationDefinitionNode | undefined {
  return getOperationAST(document, operationName) ?? undefined;
}

/** The name is the caller's: it is an attribute, and not a part of the span's name. */
function attributesOf(operation: OperationDefinitionNode | undefined): Attributes {
  if (operation === undefined) return {};
  const name = operation.name?.value.slice(0, MAX_NAME_LENGTH);
  return {
    'graphql.operation.type': operation.operation,
    ...(name === undefined ? {} : { 'graphql.operation.name': name }),
  };
}

function codeOf(errors: readonly GraphQLError[] | undefined): string {
  const code = errors?.[0]?.extensions['code'];
  return typeof code === 'string' ? code : 'INTERNAL_SERVER_ERROR';
}
