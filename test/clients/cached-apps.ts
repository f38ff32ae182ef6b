/** The same small app on two normalising caches: a component that shows a task, streams, questions and emits. */
import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache, type TypedDocumentNode } from '@apollo/client';
import { Client, fetchExchange } from '@urql/core';
import { cacheExchange } from '@urql/exchange-graphcache';
import { pipe, subscribe } from 'wonka';
import { DrumlineLink } from '../../src/apollo/index.ts';
import { drumlineExchange, keys } from '../../src/urql/index.ts';
import type { EmitInput } from '../support/fixtures.ts';

export interface CachedApp extends AsyncDisposable {
  /** The sequences that the component showed, one after the other. */
  readonly shown: readonly number[];
  /** What a cache complains about. */
  readonly complaints: readonly unknown[];
  /** Asks the server, and not the cache. Resolves with the sequence of the answer. */
  ask(): Promise<number | undefined>;
  /** Resolves with the sequence of the task in the payload. */
  emit(input: EmitInput): Promise<number | undefined>;
  /** The live task, which the cache takes. */
  stream(): void;
  /** All events from the first, into the cache as well. Calls for each. */
  replay(onUpdate: () => void): void;
}

export interface AppOptions {
  readonly url: string;
  readonly fetch: typeof fetch;
  readonly id: string;
}

interface Shown {
  readonly id: string;
  readonly progress: { readonly sequence: number };
}
const PROGRESS = '__typename taskId sequence status components { name progress }';
const QUERY: TypedDocumentNode<{ task: Shown | null }, { id: string }> = gql`
  query Task($id: ID!) { task(id: $id) { id title progress { ${PROGRESS} } } }
`;
const STREAM: TypedDocumentNode<{ task: Shown }, { id: string }> = gql`
  subscription Live($id: ID!) { task(id: $id) { id title progress { ${PROGRESS} } } }
`;
const REPLAY: TypedDocumentNode<{ taskUpdates: object }, { id: string }> = gql`
  subscription Replay($id: ID!) { taskUpdates(taskId: $id, replay: true) { progress { ${PROGRESS} } } }
`;
const EMIT: TypedDocumentNode<{ emitEvent: { task: Shown | null } }, { input: EmitInput }> = gql`
  mutation Emit($input: EmitEventInput!) { emitEvent(input: $input) { task { id title progress { ${PROGRESS} } } } }
`;
/** It comes back at once, but not without a breath. */
const RETRY = { random: () => 0.1, retryCapMs: 500 } as const;

export function openApolloApp({ url, fetch, id }: AppOptions): CachedApp {
  const drumline = new DrumlineLink({ url, ...RETRY });
  const link = ApolloLink.from([drumline, new HttpLink({ uri: url, fetch })]);
  const client = new ApolloClient({ cache: new InMemoryCache(drumline.cacheSettings), link });
  const shown: number[] = [];
  const complaints: unknown[] = [];
  const onError = (error: unknown): void => void complaints.push(error);
  client.watchQuery({ query: QUERY, variables: { id } }).subscribe(({ data, dataState }) => {
    if (dataState === 'complete' && data.task !== null) shown.push(data.task.progress.sequence);
  });
  return {
    shown,
    complaints,
    async ask() {
      const { data } = await client.query({ query: QUERY, variables: { id }, fetchPolicy: 'network-only' });
      return data?.task?.progress.sequence;
    },
    async emit(input) {
      const { data } = await client.mutate({ mutation: EMIT, variables: { input } });
      return data?.emitEvent.task?.progress.sequence;
    },
    stream: () =>
      void client.subscribe({ query: STREAM, variables: { id } }).subscribe(({ error }) => error && onError(error)),
    replay(onUpdate) {
      client
        .subscribe({ query: REPLAY, variables: { id } })
        .subscribe(({ error }) => (error ? onError(error) : onUpdate()));
    },
    async [Symbol.asyncDispose]() {
      drumline[Symbol.dispose]();
      client.stop();
    },
  };
}

export function openGraphcacheApp({ url, fetch, id }: AppOptions): CachedApp {
  const shown: number[] = [];
  const complaints: unknown[] = [];
  const cache = cacheExchange({
    keys,
    logger: (severity, message) => void (severity !== 'debug' && complaints.push(message)),
  });
  const exchanges = [cache, drumlineExchange({ url, ...RETRY }), fetchExchange];
  const client = new Client({ url, fetch, preferGetMethod: false, exchanges });
  const leaving: (() => void)[] = [];
  const open = ({ unsubscribe }: { unsubscribe(): void }): void => void leaving.push(unsubscribe);
  open(
    pipe(
      client.query(QUERY, { id }),
      subscribe(({ data }) => {
        const sequence = data?.task?.progress.sequence;
        if (sequence !== undefined) shown.push(sequence);
      }),
    ),
  );
  return {
    shown,
    complaints,
    async ask() {
      const { data } = await client.query(QUERY, { id }, { requestPolicy: 'network-only' }).toPromise();
      return data?.task?.progress.sequence;
    },
    async emit(input) {
      const { data } = await client.mutation(EMIT, { input }).toPromise();
      return data?.emitEvent.task?.progress.sequence;
    },
    stream: () =>
      open(
        pipe(
          client.subscription(STREAM, { id }),
          subscribe(({ error }) => error && complaints.push(error)),
        ),
      ),
    replay: (onUpdate) => open(pipe(client.subscription(REPLAY, { id }), subscribe(onUpdate))),
    async [Symbol.asyncDispose]() {
      for (const leave of leaving) leave();
    },
  };
}
