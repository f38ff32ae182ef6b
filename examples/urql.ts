/**
 * urql: queries over HTTP, subscriptions over whatever gets through, and not one event missed.
 *
 *   node examples/urql.ts first-task
 */
import { cacheExchange, Client, fetchExchange, gql, type TypedDocumentNode } from '@urql/core';
import { onEnd, pipe, subscribe } from 'wonka';
import { drumlineExchange } from '../src/urql/index.ts'; // for you: 'drumline/urql'

const url = process.env['DRUMLINE_URL'] ?? 'http://127.0.0.1:4000/graphql';
const taskId = process.argv[2] ?? 'first-task';

const client = new Client({
  url,
  preferGetMethod: false,
  exchanges: [cacheExchange, drumlineExchange({ url }), fetchExchange],
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

const WATCH: TypedDocumentNode<Watch, { taskId: string }> = gql`
  subscription Watch($taskId: ID!) {
    taskUpdates(taskId: $taskId) {
      __typename
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
