/** urql 5: queries and mutations over HTTP, the stream over WebSocket. */
import type { Sink } from 'graphql-ws';
import { test } from 'vitest';
import { Client, fetchExchange, subscriptionExchange } from 'urql';
import { asOfficial, openWithExchange } from './urql-app.ts';
import { expectExactlyOnce, expectFreshSnapshots, playStory, STORY_MS } from './story.ts';
import type { ClientOptions, OfficialClient } from './story.ts';
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
