/** Apollo Client 4: queries and mutations over HTTP, the stream over WebSocket. */
import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from '@apollo/client';
import type { TypedDocumentNode } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { OperationTypeNode } from 'graphql';
import { expect, test, vi } from 'vitest';
import { possibleTypes } from '../../src/client/index.ts';
import { createEmitter } from '../support/emitter.ts';
import type { EmitInput } from '../support/fixtures.ts';
import { startServer } from '../support/server-process.ts';
import { asOfficial, openWithLink } from './apollo-app.ts';
import { expectExactlyOnce, expectFreshSnapshots, playStory, STORY_MS } from './story.ts';
import type { ClientOptions, OfficialClient } from './story.ts';
import { openWsClient } from './ws-client.ts';
import type { Mode } from './ws-client.ts';

test('Apollo Client with keepCursor sees every event once, in order, across cuts and a restart', async () => {
  expectExactlyOnce(await playStory((options) => open(options, 'resuming')));
});

test(
  'Apollo Client with DrumlineLink sees every event once, in order, across cuts and restarts',
  async () => {
    expectExactlyOnce(await playStory(openWithLink));
  },
  STORY_MS,
);

test('Apollo Client unmodified begins with a snapshot after each break, and ends with the right state', async () => {
  expectFreshSnapshots(await playStory((options) => open(options, 'unmodified')));
});

test('a fragment on TaskUpdate keeps its data in a cache that has possibleTypes, and loses it in one that has not', async () => {
  // Apollo says so in development, and nothing in production.
  using warnings = vi.spyOn(console, 'warn').mockReturnValue();
  await using server = await startServer({ store: 'memory:' });
  await createEmitter({ url: server.graphqlUrl }).emitUntilAcknowledged(FINAL_EVENT);

  const told = await watchThroughCache(server.origin, new InMemoryCache({ possibleTypes }));
  expect(told).toEqual({ __typename: 'TaskEnded', progress: { __typename: 'TaskProgress', status: 'COMPLETED' } });
  expect(warnings).not.toHaveBeenCalled();
  const untold = await watchThroughCache(server.origin, new InMemoryCache());
  expect(untold).toEqual({ __typename: 'TaskEnded' });
});

function open(options: ClientOptions, mode: Mode): OfficialClient {
  return asOfficial(openApollo(options, mode, new InMemoryCache({ possibleTypes })));
}

function openApollo(options: ClientOptions, mode: Mode, cache: InMemoryCache): ApolloClient {
  return new ApolloClient({
    cache,
    link: ApolloLink.split(
      ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
      new GraphQLWsLink(openWsClient(options, mode)),
      new HttpLink({ uri: `${options.origin}/graphql` }),
    ),
  });
}

const FINAL_EVENT: EmitInput = {
  eventId: 'end',
  taskId: 'cached',
  eventType: 'TASK_COMPLETED',
  component: 'camina',
  stage: 'COMPLETE',
  message: 'Done',
};

interface Cached {
  readonly taskUpdates: { readonly __typename: string; readonly progress?: object };
}
const STATE = gql`
  fragment State on TaskUpdate {
    progress {
      status
    }
  }
`;
const WATCHED: TypedDocumentNode<Cached, { taskId: string }> = gql`
  subscription Watched($taskId: ID!) {
    taskUpdates(taskId: $taskId) {
      ...State
    }
  }
  ${STATE}
`;
const READ: TypedDocumentNode<Cached, { taskId: string }> = gql`
  fragment Read on Subscription {
    taskUpdates(taskId: $taskId) {
      ...State
    }
  }
  ${STATE}
`;

/** Watches to the end, then reads the last update back as a component that uses the fragment would. */
async function watchThroughCache(origin: string, cache: InMemoryCache): Promise<object> {
  const client = openApollo({ origin, mayReconnect: async () => undefined }, 'unmodified', cache);
  const variables = { taskId: FINAL_EVENT.taskId };
  const ended = Promise.withResolvers<void>();
  client.subscribe({ query: WATCHED, variables }).subscribe({ error: ended.reject, complete: ended.resolve });
  await ended.promise;
  const read = cache.readFragment({ id: 'ROOT_SUBSCRIPTION', fragment: READ, fragmentName: 'Read', variables });
  client.stop();
  return read?.taskUpdates ?? {};
}
