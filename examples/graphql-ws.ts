/**
 * Watch a task with plain graphql-ws and miss nothing: after a break the stream goes on where it broke off.
 *
 *   node examples/graphql-ws.ts first-task
 */
import { createClient } from 'graphql-ws';
import { keepCursor } from './keep-cursor.ts';

const url = process.env['DRUMLINE_URL'] ?? 'http://127.0.0.1:4000/graphql';
const taskId = process.argv[2] ?? 'first-task';

const client = keepCursor(
  createClient({
    url: url.replace(/^http/, 'ws'),
    // By default graphql-ws gives up after five tries, and at once when a connection is reset.
    retryAttempts: Infinity,
    shouldRetry: () => true,
  }),
);

// `$after` and `cursor` are what resuming needs; select whatever else you like.
const query = `subscription Watch($taskId: ID!, $after: String) {
  taskUpdates(taskId: $taskId, after: $after) {
    __typename
    cursor
    progress { status displayProgress }
    ... on TaskEventRecorded { event { sequence component message } }
  }
}`;

interface Watch {
  readonly taskUpdates: {
    readonly __typename: string;
    readonly progress: { readonly status: string; readonly displayProgress: number };
    readonly event?: { readonly sequence: number; readonly component: string; readonly message: string };
  };
}

client.subscribe<Watch>(
  { query, variables: { taskId } },
  {
    next({ data, errors }) {
      if (data == null) throw new Error(errors?.[0]?.message);
      const { __typename, progress, event } = data.taskUpdates;
      const percent = `${Math.round(progress.displayProgress * 100)} %`;
      if (event !== undefined) console.log(`${event.sequence}. ${event.component}: ${event.message} (${percent})`);
      else console.log(`${__typename}: ${progress.status} (${percent})`);
    },
    error: (error) => {
      console.error(error);
      process.exitCode = 1;
    },
    complete: () => console.log('complete'),
  },
);
