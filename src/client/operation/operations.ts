/**
 * Any subscription of an app, kept through breaks: what an Apollo link and an urql exchange have in common. A stream
 * with a place goes on from it, so that each event comes once, in order; one that shows a state is asked again.
 */
import type { DocumentNode } from 'graphql';
import { createConnection } from '../connection.ts';
import { resume, type ResumeOptions, type RetryOptions, type ServerOptions } from '../resume.ts';
import type { StreamResult } from '../transport.ts';
import { createFreshness, type Freshness } from './freshness.ts';
import { isRecord, toResumable, type ResumableDocument } from './resumable-document.ts';

export type OperationOptions = ServerOptions & Omit<RetryOptions, 'signal'>;

export interface OperationSink {
  next(result: StreamResult): void;
  /** One of the two errors of `errors.ts`. */
  error(error: Error): void;
  complete(): void;
}

/** Disposing it ends all, unless the connection is somebody else's. */
export interface Operations extends Disposable {
  readonly freshness: Freshness;
  /** Undefined for what is none of our subscriptions. The same document gives the same object. */
  resumable(document: DocumentNode): ResumableDocument | undefined;
  /** Returns how to leave. Who left hears nothing more. */
  subscribe(operation: Operation, sink: OperationSink): () => void;
}

export interface Operation {
  readonly resumable: ResumableDocument;
  /** The text of its document. */
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** All operations share one connection. */
export function createOperations(options: OperationOptions): Operations {
  const own = 'connection' in options ? undefined : createConnection(options);
  const connection = 'connection' in options ? options.connection : own;
  if (connection === undefined) throw new TypeError('There is neither a url nor a connection.');
  const freshness = createFreshness();
  const known = new WeakMap<DocumentNode, { readonly resumable: ResumableDocument | undefined }>();
  return {
    freshness,
    resumable(document) {
      let entry = known.get(document);
      if (entry === undefined) {
        entry = { resumable: toResumable(document) };
        known.set(document, entry);
      }
      return entry.resumable;
    },
    subscribe(operation, sink) {
      const leaving = new AbortController();
      void deliver({ ...options, connection, signal: leaving.signal }, { operation, sink, freshness });
      return () => leaving.abort();
    },
    [Symbol.dispose]: () => own?.[Symbol.dispose](),
  };
}

type StreamOptions = ResumeOptions & { readonly signal: AbortSignal };

interface Delivery {
  readonly operation: Operation;
  readonly sink: OperationSink;
  readonly freshness: Freshness;
}

async function deliver(options: StreamOptions, { operation, sink, freshness }: Delivery): Promise<void> {
  const { signal } = options;
  const states = freshness.openStream();
  try {
    for await (const result of follow(options, operation, { asked: states.asked, wentBack: freshness.wentBack })) {
      await freshness.hold.released();
      if (signal.aborted) return;
      const data = states.sift(result.data);
      // A later state of it was seen already: there is no need for this one.
      if (isRecord(data) && Object.values(data).includes(null)) continue;
      sink.next(data === result.data ? result : { ...result, data });
    }
    if (!signal.aborted) sink.complete();
  } catch (error) {
    if (!signal.aborted) sink.error(error instanceof Error ? error : new Error('The stream failed.', { cause: error }));
  }
}

interface FollowSink {
  asked(): void;
  wentBack(): void;
}

function follow(options: ResumeOptions, operation: Operation, sink: FollowSink): AsyncIterable<StreamResult> {
  const { resumable, query, variables } = operation;
  const { root, operationName } = resumable;
  let cursor: string | undefined;
  let isOver = false;
  return resume<StreamResult>(options, {
    request() {
      sink.asked();
      return { query, variables: resumable.variables(variables, cursor), operationName };
    },
    read(result) {
      const { data, cursor: place, typename } = resumable.read(result.data);
      // The place where one stands is said again after a reconnect.
      const isRepeated = typename?.endsWith('Checkpoint') === true && place === cursor;
      cursor = place ?? cursor;
      isOver = typename === 'TaskEnded';
      if (typename === 'TaskGap') sink.wentBack();
      return isRepeated ? undefined : { ...result, data };
    },
    isLast: () => isOver,
    // Of the others only a server that goes away says that it is complete.
    completes: root === 'task' || root === 'taskProgress',
  });
}
