/**
 * GraphiQL from our own files: no CDN, so it works offline and under a strict policy. The page is large, so it is made
 * and compressed once, when it is first asked for.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { renderGraphiQL } from '@graphql-yoga/render-graphiql';
import { GRAPHQL_PATH } from './graphql.ts';

export interface GraphiqlPage {
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

/** A browser that navigates here, rather than a program that asks. */
export function wantsGraphiql({ method, headers, url = '' }: IncomingMessage): boolean {
  const accept = headers.accept ?? '';
  return method === 'GET' && accept.includes('text/html') && !new URLSearchParams(url.split('?')[1]).has('query');
}

export function createGraphiqlPage(): GraphiqlPage {
  let page: Promise<Buffer> | undefined;
  return {
    async handle(_request, response) {
      page ??= renderPage();
      const body = await page;
      response
        .writeHead(200, {
          'content-type': 'text/html; charset=utf-8',
          'content-encoding': 'gzip',
          'content-length': body.byteLength,
          'cache-control': 'private, max-age=3600',
          'x-content-type-options': 'nosniff',
        })
        .end(body);
    },
  };
}

function renderPage(): Promise<Buffer> {
  const html = renderGraphiQL({
    title: 'Drumline GraphiQL',
    endpoint: GRAPHQL_PATH,
    subscriptionsProtocol: 'WS',
    defaultTabs: EXAMPLES.map(({ query, variables }) => ({
      query,
      variables: JSON.stringify(variables, undefined, 2),
    })),
  });
  return promisify(gzip)(html);
}

const EXAMPLES = [
  {
    query: `# Record one event. When this answers, the event is durable.
mutation Emit($input: EmitEventInput!) {
  emitEvent(input: $input) {
    duplicate
    event {
      sequence
      recordedAt
    }
    task {
      progress {
        overallProgress
      }
    }
  }
}
`,
    variables: {
      input: {
        taskId: 'first-task',
        eventType: 'TASK_STARTED',
        component: 'camina',
        stage: 'PLANNING',
        message: 'Hello',
        progress: 0.1,
      },
    },
  },
  {
    query: `# Watch a task: where it stands, then every event. Start this, then run the Emit tab.
subscription Watch($taskId: ID!, $after: String) {
  taskUpdates(taskId: $taskId, after: $after) {
    __typename
    cursor
    progress {
      status
      stage
      displayProgress
    }
    ... on TaskEventRecorded {
      event {
        sequence
        eventType
        component
        message
        progress
      }
    }
    ... on TaskGap {
      reason
    }
  }
}
`,
    variables: { taskId: 'first-task' },
  },
  {
    query: `# The tasks, the most recently started first.
query Tasks {
  tasks(first: 20) {
    nodes {
      id
      title
      progress {
        status
        stage
        overallProgress
        components {
          name
          status
          progress
        }
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
`,
    variables: {},
  },
  {
    query: `# A live board of the tasks that run.
subscription Board {
  tasks(filter: { statuses: [RUNNING] }, maxRate: 2) {
    ready
    removed
    changed {
      id
      progress {
        stage
        displayProgress
      }
    }
  }
}
`,
    variables: {},
  },
] as const;
