/**
 * Apollo Client 4: queries over HTTP, subscriptions over whatever gets through, and not one event missed.
 *
 *   node examples/apollo.ts first-task
 */
import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache, type TypedDocumentNode } from '@apollo/client';
import { DrumlineLink } from '../src/apollo/index.ts'; // for you: 'drumline/apollo'

const url = process.env['DRUMLINE_URL'] ?? 'http://127.0.0.1:4000/graphql';
const taskId = process.argv[2] ?? 'first-task';

const drumline = new DrumlineLink({ url });
const client = new ApolloClient({
  cache: new InMemoryCache(drumline.cacheSettings),
  link: ApolloLink.from([drumline, new HttpLink({ uri: url })]),
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
