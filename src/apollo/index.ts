/**
 * `drumline/apollo`: a link that makes every subscription of ours resumable in an app that knows nothing of it, and the
 * cache settings that go with it.
 *
 *   const drumline = new DrumlineLink({ url: '/graphql' });
 *   new ApolloClient({
 *     cache: new InMemoryCache(drumline.cacheSettings),
 *     link: ApolloLink.from([drumline, new HttpLink({ uri: '/graphql' })]),
 *   });
 *
 * It also keeps late answers from the cache: a query that was overtaken is asked again, and of a mutation that was, the
 * `task` is null. Select `id` and `progress { sequence }` for that. The cache's merge functions could not do it: a result
 * that they decline still reaches the component that asked.
 */
import { CombinedGraphQLErrors } from '@apollo/client/errors';
import { ApolloLink } from '@apollo/client/link';
import { print } from '@apollo/client/utilities';
import { OperationTypeNode } from 'graphql';
import { defer, finalize, map, Observable, of, retry } from 'rxjs';
import { OperationFailedError } from '../client/errors.ts';
import { MAX_ASKED } from '../client/operation/freshness.ts';
import { createOperations, type OperationOptions, type Operations } from '../client/operation/operations.ts';
import { createCacheSettings, type CacheSettings } from './cache-settings.ts';

export type { CacheSettings } from './cache-settings.ts';
export type DrumlineLinkOptions = OperationOptions;

/** Answers subscriptions of ours; hands everything else on to the next link. */
export class DrumlineLink extends ApolloLink implements Disposable {
  /** For `InMemoryCache`. */
  readonly cacheSettings: CacheSettings = createCacheSettings();
  readonly #operations: Operations;

  constructor(options: DrumlineLinkOptions) {
    super();
    this.#operations = createOperations(options);
  }

  override request(
    operation: ApolloLink.Operation,
    forward: ApolloLink.ForwardFunction,
  ): Observable<ApolloLink.Result> {
    const { operationType, query, variables } = operation;
    if (operationType === OperationTypeNode.QUERY) return this.#askInTime(() => forward(operation));
    if (operationType === OperationTypeNode.MUTATION) {
      const question = this.#operations.freshness.ask();
      return forward(operation).pipe(map((result) => withData(result, question.sift(result.data))));
    }
    const resumable = this.#operations.resumable(query);
    if (resumable === undefined) return forward(operation);
    const asked = { resumable, query: print(resumable.document), variables };
    return new Observable((observer) =>
      this.#operations.subscribe(asked, {
        // The server words its results as GraphQL does.
        next: (result) => observer.next(result as ApolloLink.Result),
        error: (error) => observer.error(toApolloError(error)),
        complete: () => observer.complete(),
      }),
    );
  }

  /** Ends all subscriptions. */
  [Symbol.dispose](): void {
    this.#operations[Symbol.dispose]();
  }

  /** Asks again while the answer is late. */
  #askInTime(ask: () => Observable<ApolloLink.Result>): Observable<ApolloLink.Result> {
    const { freshness } = this.#operations;
    return defer(() => {
      let hold: Disposable | undefined;
      let asked = 0;
      const answer = defer(() => {
        const question = freshness.ask();
        asked += 1;
        return ask().pipe(
          map((result) => {
            if (asked < MAX_ASKED && question.sift(result.data) !== result.data) throw new LateAnswerError();
            return result;
          }),
        );
      });
      const onError = (error: unknown): Observable<true> => {
        if (!(error instanceof LateAnswerError)) throw error;
        hold ??= freshness.hold.take();
        return of(true);
      };
      return answer.pipe(
        retry({ delay: onError }),
        finalize(() => hold?.[Symbol.dispose]()),
      );
    });
  }
}

class LateAnswerError extends Error {
  override readonly name = 'LateAnswerError';
}

function withData(result: ApolloLink.Result, data: unknown): ApolloLink.Result {
  // The same, but for tasks that are null now.
  return data === result.data ? result : ({ ...result, data } as ApolloLink.Result);
}

/** As Apollo words what a server said; a connection that failed for good is told as it is. */
function toApolloError(error: Error): Error {
  return error instanceof OperationFailedError && error.errors.length > 0
    ? new CombinedGraphQLErrors({ errors: error.errors })
    : error;
}
