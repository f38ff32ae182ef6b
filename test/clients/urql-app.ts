/** An app on urql that knows nothing of cursors, with Drumline's exchange. Runs in Node and in pages. */
import { cacheExchange, Client, fetchExchange, gql, type TypedDocumentNode } from '@urql/core';
import { onEnd, pipe, subscribe } from 'wonka';
import { createConnection } from '../../src/client/connection.ts';
import { drumlineExchange } from '../../src/urql/index.ts';
import type { EmitInput } from '../support/fixtures.ts';
import { EMIT, TASK, WATCH } from './documents.ts';
import type { ClientOptions, EmitAnswer, OfficialClient, TaskAnswer, WatchAnswer } from './documents.ts';
import { gated } from './gated-connection.ts';

const query: TypedDocumentNode<TaskAnswer, { id: string }> = gql(TASK);
const mutation: TypedDocumentNode<EmitAnswer, { input: EmitInput }> = gql(EMIT);
const subscription: TypedDocumentNode<WatchAnswer, { taskId: string }> = gql(WATCH);

export function openWithExchange({ origin, mayReconnect }: ClientOptions): OfficialClient {
  const url = `${origin}/graphql`;
  const connection = gated(createConnection({ url }), mayReconnect);
  const exchanges = [cacheExchange, drumlineExchange({ connection, random: () => 0 }), fetchExchange];
  return asOfficial(new Client({ url, preferGetMethod: false, exchanges }));
}

export function asOfficial(client: Client, socket?: { dispose(): unknown }): OfficialClient {
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
