/** An SDK of OpenTelemetry as small as it gets: spans are kept, and nothing is sent anywhere. */
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  context,
  propagation,
  ROOT_CONTEXT,
  trace,
  type Attributes,
  type Context,
  type ContextManager,
  type Span,
  type SpanOptions,
  type SpanStatus,
  type TextMapPropagator,
  type Tracer,
} from '@opentelemetry/api';

export interface RecordedSpan {
  name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string | undefined;
  readonly attributes: Attributes;
  status: SpanStatus | undefined;
  isOver: boolean;
}

export interface SpanRecorder extends Disposable {
  /** In the order in which they began. */
  readonly spans: readonly RecordedSpan[];
}

/** Registered for the process, as an SDK is, until it is disposed. */
export function recordSpans(): SpanRecorder {
  const spans: RecordedSpan[] = [];
  const tracer = createTracer(spans);
  context.setGlobalContextManager(createContextManager());
  propagation.setGlobalPropagator(TRACEPARENT);
  trace.setGlobalTracerProvider({ getTracer: () => tracer });
  return {
    spans,
    [Symbol.dispose]() {
      trace.disable();
      propagation.disable();
      context.disable();
    },
  };
}

function createTracer(spans: RecordedSpan[]): Tracer {
  function startSpan(name: string, { attributes = {} }: SpanOptions = {}, parent = context.active()): Span {
    const parentContext = trace.getSpanContext(parent);
    const number = String(spans.length + 1);
    const recorded: RecordedSpan = {
      name,
      traceId: parentContext?.traceId ?? number.padStart(32, '0'),
      spanId: number.padStart(16, '0'),
      parentId: parentContext?.spanId,
      attributes: { ...attributes },
      status: undefined,
      isOver: false,
    };
    spans.push(recorded);
    return toSpan(recorded);
  }
  return {
    startSpan,
    startActiveSpan(name: string, ...rest: unknown[]) {
      const work = rest.at(-1) as (span: Span) => unknown;
      const [options, given] = rest.slice(0, -1) as [SpanOptions?, Context?];
      const parent = given ?? context.active();
      const span = startSpan(name, options, parent);
      return context.with(trace.setSpan(parent, span), () => work(span)) as never;
    },
  };
}

function toSpan(recorded: RecordedSpan): Span {
  const span: Span = {
    spanContext: () => ({ traceId: recorded.traceId, spanId: recorded.spanId, traceFlags: 1 }),
    setAttribute(key, value) {
      recorded.attributes[key] = value;
      return span;
    },
    setAttributes(attributes) {
      Object.assign(recorded.attributes, attributes);
      return span;
    },
    setStatus(status) {
      recorded.status = status;
      return span;
    },
    updateName(name) {
      recorded.name = name;
      return span;
    },
    end() {
      recorded.isOver = true;
    },
    isRecording: () => !recorded.isOver,
    addEvent: () => span,
    addLink: () => span,
    addLinks: () => span,
    recordException: () => undefined,
  };
  return span;
}

function createContextManager(): ContextManager {
  const storage = new AsyncLocalStorage<Context>();
  const manager: ContextManager = {
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: (active, work, self, ...args) => storage.run(active, () => work.apply(self as never, args)),
    bind: (_active, target) => target,
    enable: () => manager,
    disable: () => manager,
  };
  return manager;
}

const TRACEPARENT: TextMapPropagator = Object.freeze({
  inject: () => undefined,
  extract(parent: Context, carrier: unknown) {
    const header = (carrier as { readonly traceparent?: string }).traceparent ?? '';
    const [, traceId = '', spanId = ''] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-01$/.exec(header) ?? [];
    return traceId === '' ? parent : trace.setSpanContext(parent, { traceId, spanId, traceFlags: 1, isRemote: true });
  },
  fields: () => ['traceparent'],
});
