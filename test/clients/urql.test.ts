/** urql 5: queries and mutations over HTTP, the stream over WebSocket. */
import type { Sink } from 'graphql-ws';
import { test } from 'vitest';
import { cacheExchange, Client, fetchExchange, gql, subscriptionExchange } from 'urql';
import type { TypedDocumentNode } from 'urql';
import { onEnd, pipe, subscribe } from 'wonka';
import { createConnection } from '../../src/client/index.ts';
import { drumlineExchange } from '../../src/urql/index.ts';
import type { EmitInput } from '../support/fixtures.ts';
import { gated } from './gated-connection.ts';
import { EMIT, expectExactlyOnce, expectFreshSnapshots, playStory, STORY_MS, TASK, WATCH } from './story.ts';
import type { ClientOptions, EmitAnswer, OfficialClient, TaskAnswer, WatchAnswer } from './story.ts';
import { openWsClient } from './ws-client.ts';
import type { Mode } from './ws-client.ts';

test('urql with keepCursor sees every event once, in order, across cuts and a restart', async () => {
  expectExactlyOnce(await playStory((options) => open(options, 'resuming')));
});

test(
  'urql with drumlineExchange sees every event once, in order, across cuts and restarts',
  async () => {
    expectExactlyOnce(await playStory(openWithExchange));
  },
  STORY_MS,
);

test('urql unmodified begins with a snapshot after each break, and ends with the right state', async () => {
  expectFreshSnapshots(await playStory((options) => open(options, 'unmodified')));
});

const query: TypedDocumentNode<TaskAnswer, { id: string }> = gql(TASK);
const mutation: TypedDocumentNode<EmitAnswer, { input: EmitInput }> = gql(EMIT);
const subscription: TypedDocumentNode<WatchAnswer, { taskId: string }> = gql(WATCH);

function open(options: ClientOptions, mode: Mode): OfficialClient {
  const socket = openWsClient(options, mode);
  const client = new Client({
    url: `${options.origin}/graphql`,
    preferGetMethod: false,
    exchanges: [
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query = '', variables }) => ({
          // The two types of a result differ by `exactOptionalPropertyTypes` alone.
          subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query, variables }, sink as Sink) }),
        }),
      }),
    ],
  });
  return asOfficial(client, socket);
}

function openWithExchange({ origin, mayReconnect }: ClientOptions): OfficialClient {
  const url = `${origin}/graphql`;
  const connection = gated(createConnection({ url }), mayReconnect);
  const exchanges = [cacheExchange, drumlineExchange({ connection, random: () => 0 }), fetchExchange];
  return asOfficial(new Client({ url, preferGetMethod: false, exchanges }));
}

function asOfficial(client: Client, socket?: { dispose(): unknown }): OfficialClient {
  return {
    async ask(id) {
      const { data, error } = await client.query(query, { id }, { requestPolicy: 'network-only' });
      if (error !== undefined) throw error;
      return data?.task?.progress.sequence;
    },
    async emit(input) {
      const { data, error } = await client.mutation(mutation, { input });
      if (error !== undefined) throw error;
      return data?.emitEvent.event.sequence ?? Number.NaN;
    },
    async watch(taskId, onUpdate) {
      const ended = Promise.withResolvers<void>();
      pipe(
        client.subscription(subscription, { taskId }),
        onEnd(ended.resolve),
        subscribe(({ data, error, hasNext }) => {
          if (data === undefined) ended.reject(error);
          // When a stream completes, urql gives its last result once more, with `hasNext: false`.
          else if (hasNext) onUpdate(data.taskUpdates);
        }),
      );
      return ended.promise;
    },
    [Symbol.asyncDispose]: async () => void (await socket?.dispose()),
  };
}
