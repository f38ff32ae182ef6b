/**
 * `drumline/urql`: an exchange that makes every subscription of ours resumable in an app that knows nothing of it.
 *
 *   new Client({ url: '/graphql', exchanges: [cacheExchange, drumlineExchange({ url: '/graphql' }), fetchExchange] });
 *
 * Between the cache and the network, it also keeps late answers from the cache, which has no rule of its own for them:
 * a query that was overtaken is asked again, and of a mutation that was, the `task` is null. Select `id` and
 * `progress { sequence }` for that.
 */
import {
  stringifyDocument,
  subscriptionExchange,
  type Exchange,
  type ExchangeIO,
  type Operation,
  type OperationResult,
} from '@urql/core';
import { filter, makeSubject, map, merge, pipe, share, tap } from 'wonka';
import { OperationFailedError } from '../client/errors.ts';
import { MAX_ASKED, type Freshness, type Question } from '../client/operation/freshness.ts';
import { createOperations, type OperationOptions } from '../client/operation/operations.ts';

export { keys } from './keys.ts';
export type DrumlineExchangeOptions = OperationOptions;

export function drumlineExchange(options: DrumlineExchangeOptions): Exchange {
  const operations = createOperations(options);
  const streams = subscriptionExchange({
    isSubscriptionOperation: ({ kind, query }) => kind === 'subscription' && operations.resumable(query) !== undefined,
    forwardSubscription: (_request, { query: document, variables }) => ({
      subscribe(sink) {
        const resumable = operations.resumable(document);
        if (resumable === undefined) throw new TypeError('It is none of our subscriptions.');
        const query = stringifyDocument(resumable.document);
        const unsubscribe = operations.subscribe(
          { resumable, query, variables: { ...variables } },
          {
            // The server words its results as GraphQL does.
            next: (result) => sink.next(result as Parameters<typeof sink.next>[0]),
            // urql makes a CombinedError of either.
            error: (error) =>
              sink.error(error instanceof OperationFailedError && error.errors.length > 0 ? error.errors : error),
            complete: () => sink.complete(),
          },
        );
        return { unsubscribe };
      },
    }),
  });
  return (input) => streams({ ...input, forward: inTime(input.forward, operations.freshness) });
}

interface Asked {
  /** The earliest that has no answer yet: answers do not tell to which they belong. */
  question: Question;
  times: number;
  unanswered: number;
  hold?: Disposable;
}

/** What comes from the network, without what is late. */
function inTime(forward: ExchangeIO, freshness: Freshness): ExchangeIO {
  return (operations) => {
    const again = makeSubject<Operation>();
    const open = new Map<number, Asked>();

    function note({ kind, key }: Operation): void {
      if (kind === 'teardown') forget(key);
      else if (kind !== 'subscription') {
        const asked = open.get(key);
        if (asked === undefined) open.set(key, { question: freshness.ask(), times: 1, unanswered: 1 });
        else asked.unanswered += 1;
      }
    }
    function forget(key: number): void {
      open.get(key)?.hold?.[Symbol.dispose]();
      open.delete(key);
    }
    function isInTime({ operation, data }: OperationResult): boolean {
      const asked = open.get(operation.key);
      if (operation.kind !== 'query' || asked === undefined) return true;
      asked.unanswered -= 1;
      if (asked.times >= MAX_ASKED || asked.question.sift(data) === data) {
        if (asked.unanswered === 0) forget(operation.key);
        return true;
      }
      if (asked.unanswered > 0) return false;
      asked.hold ??= freshness.hold.take();
      asked.question = freshness.ask();
      asked.times += 1;
      asked.unanswered += 1;
      again.next(operation);
      return false;
    }
    function withoutLate(result: OperationResult): OperationResult {
      const { operation } = result;
      const asked = open.get(operation.key);
      if (operation.kind !== 'mutation' || asked === undefined) return result;
      forget(operation.key);
      return { ...result, data: asked.question.sift(result.data) };
    }
    return pipe(merge([pipe(operations, tap(note)), again.source]), share, forward, filter(isInTime), map(withoutLate));
  };
}
