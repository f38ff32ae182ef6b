/**
 * `drumline/urql`: an exchange that makes every subscription of ours resumable in an app that knows nothing of it.
 *
 *   new Client({ url: '/graphql', exchanges: [cacheExchange, drumlineExchange({ url: '/graphql' }), fetchExchange] });
 *
 * Between the cache and the network, it also keeps late answers from the cache, which has no rule of its own for them:
 * a query that shows a task older than it was already seen is asked again. Select `id` and `progress { sequence }` for
 * that.
 */
import {
  makeOperation,
  stringifyDocument,
  subscriptionExchange,
  type Exchange,
  type ExchangeIO,
  type Operation,
  type OperationResult,
} from '@urql/core';
import { filter, makeSubject, map, merge, pipe, tap } from 'wonka';
import { createConnection } from '../client/connection.ts';
import { createContinuity, type Continuity, type Question } from '../client/continuity.ts';
import { OperationFailedError } from '../client/errors.ts';
import { toResumable, toStream, type StreamOptions } from '../client/operation.ts';
import { resume, type ResumeOptions } from '../client/resume.ts';

export { possibleTypes } from '../client/possible-types.ts';
export type DrumlineExchangeOptions = ResumeOptions;

/** For Graphcache: values that are no entities. */
export const keys = Object.freeze({ TaskProgress: () => null, ComponentProgress: () => null, TasksUpdate: () => null });

/** Throws TypeError for a URL that is none. */
export function drumlineExchange(options: DrumlineExchangeOptions): Exchange {
  const connection = 'connection' in options ? options.connection : createConnection(options);
  const continuity = createContinuity();
  const prepare = createPreparation();

  const streams = subscriptionExchange({
    forwardSubscription: (_request, { query, variables }) => ({
      subscribe(sink) {
        const leaving = new AbortController();
        const follow = continuity.follow();
        const stream = toStream({
          ...prepare(query),
          variables: { ...variables },
          onResult: ({ data }) => follow(data),
        });
        const deliver = async (): Promise<void> => {
          try {
            const results = resume({ ...options, connection, signal: leaving.signal }, stream);
            for await (const result of results) sink.next(result as Parameters<typeof sink.next>[0]);
            sink.complete();
          } catch (error) {
            // As urql words what a server said.
            sink.error(error instanceof OperationFailedError ? error.errors : error);
          }
        };
        void deliver();
        return { unsubscribe: () => leaving.abort() };
      },
    }),
  });
  return (input) => streams({ ...input, forward: inTime(input.forward, continuity) });
}

function createPreparation(): (query: Operation['query']) => Pick<StreamOptions, 'resumable' | 'query'> {
  const prepared = new WeakMap<Operation['query'], Pick<StreamOptions, 'resumable' | 'query'>>();
  return (query) => {
    const known = prepared.get(query);
    if (known !== undefined) return known;
    const resumable = toResumable(query);
    const made = { resumable, query: stringifyDocument(resumable.document) };
    prepared.set(query, made);
    return made;
  };
}

/** What comes from the network, without what is late. */
function inTime(forward: ExchangeIO, continuity: Continuity): ExchangeIO {
  return (operations) => {
    const again = makeSubject<Operation>();
    const questions = new Map<number, Question>();

    function note({ kind, key }: Operation): void {
      if (kind === 'query') questions.set(key, continuity.ask());
      if (kind === 'teardown') questions.delete(key);
    }
    function isInTime({ operation, data }: OperationResult): boolean {
      if (operation.kind !== 'query' || questions.get(operation.key)?.takes(data) !== false) return true;
      again.next(makeOperation('query', operation, { ...operation.context, requestPolicy: 'network-only' }));
      return false;
    }
    const first = pipe(operations, tap(note));
    return pipe(
      merge([first, again.source]),
      forward,
      filter(isInTime),
      map((result) =>
        result.operation.kind === 'mutation' && continuity.isLate(result.data)
          ? { ...result, data: withoutTasks(result.data) }
          : result,
      ),
    );
  };
}

/** What a mutation did stands; how its task was at that moment is old news. `task` may be null in all its payloads. */
function withoutTasks(data: unknown): unknown {
  if (typeof data !== 'object' || data === null) return data;
  return Object.fromEntries(
    Object.entries(data).map(([name, payload]: [string, unknown]) => [
      name,
      typeof payload === 'object' && payload !== null && 'task' in payload ? { ...payload, task: null } : payload,
    ]),
  );
}
