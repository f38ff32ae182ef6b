/**
 * Apollo Client 4: queries over HTTP, subscriptions over WebSocket, and not one event missed.
 *
 *   node examples/apollo.ts first-task
 */
import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache, type TypedDocumentNode } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { OperationTypeNode } from 'graphql';
import { createClient } from 'graphql-ws';
import { possibleTypes } from '../src/client/index.ts'; // for you: 'drumline/client'
import { keepCursor } from './keep-cursor.ts';

const url = process.env['DRUMLINE_URL'] ?? 'http://127.0.0.1:4000/graphql';
const taskId = process.argv[2] ?? 'first-task';

// Apollo sends its first variables again after a reconnect; `keepCursor` makes that the last cursor.
const socket = keepCursor(
  createClient({
    url: url.replace(/^http/, 'ws'),
    // By default graphql-ws gives up after five tries, and at once when a connection is reset.
    retryAttempts: Infinity,
    shouldRetry: () => true,
  }),
);
const client = new ApolloClient({
  // Without `possibleTypes` the cache drops fragments on the interface TaskUpdate; in production without a word.
  cache: new InMemoryCache({ possibleTypes }),
  link: ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    new GraphQLWsLink(socket),
    new HttpLink({ uri: url }),
  ),
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

const { data: known } = await client.query({ query: TASK, variables: { id: taskId } });
console.log(`${taskId}: ${known?.task == null ? 'not known yet' : (known.task.title ?? 'without a title')}`);

// Each update is news, not an entity: `no-cache`.
client.subscribe({ query: WATCH, variables: { taskId }, fetchPolicy: 'no-cache' }).subscribe({
  next({ data, error }) {
    if (data == null) throw new Error('the stream failed', { cause: error });
    const { __typename, progress, event } = data.taskUpdates;
    const percent = `${Math.round(progress.displayProgress * 100)} %`;
    if (event !== undefined) console.log(`${event.sequence}. ${event.component}: ${event.message} (${percent})`);
    else console.log(`${__typename}: ${progress.status} (${percent})`);
  },
  complete: () => console.log('complete'),
});
