/**
 * `drumline/apollo`: a link that makes every subscription of ours resumable in an app that knows nothing of it, and the
 * cache settings that go with it.
 *
 *   const drumline = new DrumlineLink({ url: '/graphql' });
 *   new ApolloClient({
 *     cache: new InMemoryCache(drumline.cacheSettings),
 *     link: ApolloLink.from([drumline, new HttpLink({ uri: '/graphql' })]),
 *   });
 */
import { CombinedGraphQLErrors } from '@apollo/client/errors';
import { ApolloLink } from '@apollo/client/link';
import { print } from '@apollo/client/utilities';
import { OperationTypeNode, type GraphQLFormattedError } from 'graphql';
import { Observable } from 'rxjs';
import { createConnection, type Connection } from '../client/connection.ts';
import { createContinuity } from '../client/continuity.ts';
import { OperationFailedError } from '../client/errors.ts';
import { toResumable, toStream, type ResumableDocument } from '../client/operation.ts';
import { resume, type ResumeOptions, type RetryOptions } from '../client/resume.ts';
import { createCacheSettings, type CacheSettings } from './cache-settings.ts';

export type { CacheSettings } from './cache-settings.ts';
export type DrumlineLinkOptions = ResumeOptions;

interface Prepared {
  readonly resumable: ResumableDocument;
  readonly query: string;
}

/** Answers subscriptions; hands everything else on to the next link. */
export class DrumlineLink extends ApolloLink implements Disposable {
  /** For `InMemoryCache`. An older progress then never takes a newer one's place; select `sequence` beside it. */
  readonly cacheSettings: CacheSettings;
  readonly #connection: Connection;
  readonly #options: RetryOptions;
  readonly #continuity = createContinuity();
  readonly #prepared = new WeakMap<ApolloLink.Operation['query'], Prepared>();

  /** Throws TypeError for a URL that is none. */
  constructor(options: DrumlineLinkOptions) {
    super();
    this.#options = options;
    this.#connection = 'connection' in options ? options.connection : createConnection(options);
    this.cacheSettings = createCacheSettings(this.#continuity);
  }

  override request(
    operation: ApolloLink.Operation,
    forward: ApolloLink.ForwardFunction,
  ): Observable<ApolloLink.Result> {
    if (operation.operationType !== OperationTypeNode.SUBSCRIPTION) {
      return this.#ask(operation, forward);
    }
    const prepared = this.#prepare(operation);
    return new Observable((observer) => {
      const leaving = new AbortController();
      const { variables, operationName } = operation;
      const stream = toStream({ ...prepared, variables, operationName, onResult: this.#observe() });
      const results = resume({ ...this.#options, connection: this.#connection, signal: leaving.signal }, stream);
      const deliver = async (): Promise<void> => {
        try {
          // The app's own document says what the data is.
          for await (const result of results) observer.next(result as ApolloLink.Result);
          observer.complete();
        } catch (error) {
          observer.error(toApolloError(error));
        }
      };
      void deliver();
      return () => leaving.abort();
    });
  }

  [Symbol.dispose](): void {
    this.#connection[Symbol.dispose]();
  }

  #prepare({ query, operationName }: ApolloLink.Operation): Prepared {
    const known = this.#prepared.get(query);
    if (known !== undefined) return known;
    const resumable = toResumable(query, operationName);
    const prepared = { resumable, query: print(resumable.document) };
    this.#prepared.set(query, prepared);
    return prepared;
  }

  #observe(): (result: { readonly data?: unknown }) => void {
    const observe = this.#continuity.follow();
    return ({ data }) => observe(data);
  }

  /** A query whose answer is late is asked again; of a mutation's answer the cache takes what is newer. */
  #ask(
    operation: ApolloLink.Operation,
    forward: ApolloLink.ForwardFunction,
    question = this.#continuity.ask(),
  ): Observable<ApolloLink.Result> {
    if (operation.operationType !== OperationTypeNode.QUERY) return forward(operation);
    return new Observable((observer) => {
      let again: { unsubscribe(): void } | undefined;
      const first = forward(operation).subscribe({
        next: (result) => {
          if (again !== undefined) return;
          if (question.takes(result.data)) observer.next(result);
          else again = this.#ask(operation, forward, question).subscribe(observer);
        },
        error: (error) => observer.error(error),
        complete: () => {
          if (again === undefined) observer.complete();
        },
      });
      return () => {
        first.unsubscribe();
        again?.unsubscribe();
      };
    });
  }
}

/** As Apollo words what a server said; a connection that failed for good is told as it is. */
function toApolloError(error: unknown): unknown {
  if (!(error instanceof OperationFailedError) || error.errors.length === 0) return error;
  // The server words its errors as GraphQL does.
  return new CombinedGraphQLErrors({ errors: error.errors as readonly GraphQLFormattedError[] });
}
