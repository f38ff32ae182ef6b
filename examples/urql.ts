/**
 * urql: queries over HTTP, subscriptions over WebSocket, and not one event missed.
 *
 *   node examples/urql.ts first-task
 */
import { Client, fetchExchange, gql, subscriptionExchange, type TypedDocumentNode } from '@urql/core';
import { createClient, type Sink } from 'graphql-ws';
import { onEnd, pipe, subscribe } from 'wonka';
import { keepCursor } from './keep-cursor.ts';

const url = process.env['DRUMLINE_URL'] ?? 'http://127.0.0.1:4000/graphql';
const taskId = process.argv[2] ?? 'first-task';

// urql sends its first variables again after a reconnect; `keepCursor` makes that the last cursor.
const socket = keepCursor(
  createClient({
    url: url.replace(/^http/, 'ws'),
    // By default graphql-ws gives up after five tries, and at once when a connection is reset.
    retryAttempts: Infinity,
    shouldRetry: () => true,
  }),
);
const client = new Client({
  url,
  preferGetMethod: false,
  exchanges: [
    fetchExchange,
    subscriptionExchange({
      forwardSubscription: ({ query = '', variables }) => ({
        // The cast is for `exactOptionalPropertyTypes` alone.
        subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query, variables }, sink as Sink) }),
      }),
    }),
  ],
});

const TASK: TypedDocumentNode<{ readonly task: { readonly title: string | null } | null }, { id: string }> = gql`
  query Task($id: ID!) {
    task(id: $id) {
      id
      title
    }
  }
`;

interface Watch {
  readonly taskUpdates: {
    readonly __typename: string;
    readonly progress: { readonly status: string; readonly displayProgress: number };
    readonly event?: { readonly sequence: number; readonly component: string; readonly message: string };
  };
}

const WATCH: TypedDocumentNode<Watch, { taskId: string; after?: string }> = gql`
  subscription Watch($taskId: ID!, $after: String) {
    taskUpdates(taskId: $taskId, after: $after) {
      __typename
      cursor
      progress {
        status
        displayProgress
      }
      ... on TaskEventRecorded {
        event {
          id
          sequence
          component
          message
        }
      }
    }
  }
`;

const { data: known } = await client.query(TASK, { id: taskId });
console.log(`${taskId}: ${known?.task == null ? 'not known yet' : (known.task.title ?? 'without a title')}`);

pipe(
  client.subscription(WATCH, { taskId }),
  onEnd(() => console.log('complete')),
  subscribe(({ data, error, hasNext }) => {
    if (data === undefined) throw new Error('the stream failed', { cause: error });
    if (!hasNext) return; // At the end urql gives the last result once more.
    const { __typename, progress, event } = data.taskUpdates;
    const percent = `${Math.round(progress.displayProgress * 100)} %`;
    if (event !== undefined) console.log(`${event.sequence}. ${event.component}: ${event.message} (${percent})`);
    else console.log(`${__typename}: ${progress.status} (${percent})`);
  }),
);
