/**
 * GraphiQL from our own files: no CDN, so it works offline and under a strict policy. The page is large, so it is made
 * and compressed once, when it is first asked for.
 */
import { hash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { MARK, MARK_URL } from './mark.ts';

export interface GraphiqlPage {
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

/**
 * A browser that navigates here, rather than a program that asks. With a query in the address as well: GraphiQL writes
 * what is edited into it, so a reload or a shared link must come back to the page.
 */
export function wantsGraphiql({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && headers.accept?.includes('text/html') === true;
}

export function createGraphiqlPage(): GraphiqlPage {
  let page: Promise<Page> | undefined;
  return {
    async handle(_request, response) {
      page ??= renderPage();
      const { body, policy } = await page;
      response
        .writeHead(200, {
          'content-type': 'text/html; charset=utf-8',
          'content-encoding': 'gzip',
          'content-length': body.byteLength,
          'cache-control': 'private, max-age=3600',
          // The same address answers programs, and may: a cache must not give them the page.
          vary: 'origin, accept',
          'content-security-policy': policy,
          'referrer-policy': 'no-referrer',
          'x-content-type-options': 'nosniff',
        })
        .end(body);
    },
  };
}

interface Page {
  /** Compressed. */
  readonly body: Buffer;
  /** Its Content-Security-Policy. */
  readonly policy: string;
}

/** Only the scripts that it came with run, whatever an answer holds; it speaks to this server and loads from nowhere. */
function policyOf(html: string): string {
  const scripts = Array.from(html.matchAll(/<script[^>]*>([^]*?)<\/script>/g), ([, text = '']) => text);
  const hashes = scripts.map((text) => `'sha256-${hash('sha256', text, 'base64')}'`);
  return [
    "default-src 'none'",
    `script-src ${hashes.join(' ')} blob:`,
    'worker-src blob: data:',
    "style-src 'unsafe-inline'",
    'img-src data:',
    'font-src data:',
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** Its code is thirty megabytes in memory, which no server needs that nobody browses. */
async function renderPage(): Promise<Page> {
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql');
  const html = renderGraphiQL({
    title: 'Drumline GraphiQL',
    logo: MARK,
    favicon: MARK_URL,
    subscriptionsProtocol: 'WS',
    defaultTabs: EXAMPLES.map((query) => ({ query })),
    // The examples have no variables: the pane opens when it is asked for.
    defaultEditorToolsVisibility: false,
  });
  return { body: await promisify(gzip)(html), policy: policyOf(html) };
}

/** Complete as they stand: one click, and something happens. */
const EXAMPLES = [
  `# Record one event. When this answers, it is durable.
mutation Emit {
  emitEvent(
    input: {
      taskId: "first-task"
      eventType: PROGRESS_UPDATE
      component: "camina"
      stage: ANALYSIS
      message: "Half way"
      progress: 0.5
    }
  ) {
    duplicate
    event {
      sequence
      recordedAt
    }
    task {
      id
      progress {
        overallProgress
      }
    }
  }
}
`,
  `# Watch a task: its state, then each event.
# Changing tabs stops it: emit elsewhere.
subscription Watch {
  taskUpdates(taskId: "first-task") {
    __typename
    cursor
    progress {
      status
      stage
      displayProgress
    }
    ... on TaskEventRecorded {
      event {
        id
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
  `# The tasks, the most recently started first.
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
  `# A live board of the tasks that run.
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
] as const;
