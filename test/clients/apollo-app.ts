/** An app on Apollo Client 4 that knows nothing of cursors, with Drumline's link. Runs in Node and in pages. */
import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache, type TypedDocumentNode } from '@apollo/client';
import { DrumlineLink } from '../../src/apollo/index.ts';
import { createConnection } from '../../src/client/connection.ts';
import type { EmitInput } from '../support/fixtures.ts';
import { EMIT, TASK, WATCH } from './documents.ts';
import type { ClientOptions, EmitAnswer, OfficialClient, TaskAnswer, WatchAnswer } from './documents.ts';
import { gated } from './gated-connection.ts';

const query: TypedDocumentNode<TaskAnswer, { id: string }> = gql(TASK);
const mutation: TypedDocumentNode<EmitAnswer, { input: EmitInput }> = gql(EMIT);
const subscription: TypedDocumentNode<WatchAnswer, { taskId: string }> = gql(WATCH);

export function openWithLink({ origin, mayReconnect }: ClientOptions): OfficialClient {
  const url = `${origin}/graphql`;
  const drumline = new DrumlineLink({ connection: gated(createConnection({ url }), mayReconnect), random: () => 0 });
  const link = ApolloLink.from([drumline, new HttpLink({ uri: url })]);
  return asOfficial(new ApolloClient({ cache: new InMemoryCache(drumline.cacheSettings), link }));
}

export function asOfficial(client: ApolloClient): OfficialClient {
  return {
    async ask(id) {
      const { data } = await client.query({ query, variables: { id }, fetchPolicy: 'network-only' });
      return data?.task?.progress.sequence;
    },
    async emit(input) {
      const { data } = await client.mutate({ mutation, variables: { input } });
      return data?.emitEvent.event.sequence ?? Number.NaN;
    },
    async watch(taskId, onUpdate) {
      const ended = Promise.withResolvers<void>();
      client.subscribe({ query: subscription, variables: { taskId }, fetchPolicy: 'no-cache' }).subscribe({
        next: ({ data, error }) => (data == null ? ended.reject(error) : onUpdate(data.taskUpdates)),
        error: ended.reject,
        complete: ended.resolve,
      });
      return ended.promise;
    },
    [Symbol.asyncDispose]: async () => client.stop(),
  };
}
