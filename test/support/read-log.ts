/** What the public API says of a task at the end: its whole log, page by page, and its progress. */
import { z } from 'zod';
import type { LogEvent, ProgressState } from './fold.ts';

const LOG = `query ($taskId: ID!, $after: String) {
  taskEvents(taskId: $taskId, first: 1000, after: $after) {
    gap
    pageInfo { hasNextPage endCursor }
    nodes { sequence eventId eventType component stage message progress timestamp recordedAt cursor }
  }
}`;
const PROGRESS = `query ($taskId: ID!) {
  taskProgress(taskId: $taskId) {
    sequence status stage overallProgress displayProgress cursor
    components { name status progress stage message }
  }
}`;

const Node = z.object({
  sequence: z.int(),
  eventId: z.string(),
  eventType: z.string(),
  component: z.string(),
  stage: z.string(),
  message: z.string(),
  progress: z.number().nullable(),
  timestamp: z.string(),
  recordedAt: z.string(),
  cursor: z.string(),
});
const Page = z.object({
  taskEvents: z
    .object({
      gap: z.null(),
      pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string() }),
      nodes: z.array(Node),
    })
    .nullable(),
});
const Component = Node.pick({ stage: true, message: true }).extend({
  name: z.string(),
  status: z.string(),
  progress: z.number(),
});
const Progress = z.object({
  taskProgress: z
    .object({
      sequence: z.int(),
      status: z.string(),
      stage: z.string(),
      overallProgress: z.number(),
      displayProgress: z.number(),
      cursor: z.string(),
      components: z.array(Component),
    })
    .nullable(),
});

const Answer = z.object({ data: z.unknown(), errors: z.array(z.unknown()).optional() });

export interface LogPage {
  readonly nodes: readonly LogEvent[];
  readonly hasNextPage: boolean;
  readonly endCursor: string | undefined;
}

/** The events of a task, oldest first; none when the task is not known. */
export async function readTaskLog(url: string, taskId: string): Promise<readonly LogEvent[]> {
  const events: LogEvent[] = [];
  for (let after: string | undefined; ;) {
    const { nodes, hasNextPage, endCursor } = await readLogPage(url, taskId, after);
    events.push(...nodes);
    if (!hasNextPage) return events;
    after = endCursor;
  }
}

/** Up to 1,000 events after a cursor; none when the task is not known. */
export async function readLogPage(url: string, taskId: string, after: string | undefined): Promise<LogPage> {
  const { taskEvents } = Page.parse(await query(url, LOG, { taskId, after }));
  if (taskEvents === null) return { nodes: [], hasNextPage: false, endCursor: after };
  return { nodes: taskEvents.nodes, ...taskEvents.pageInfo };
}

/** The progress of a task now; null when it is not known. */
export async function readProgress(
  url: string,
  taskId: string,
): Promise<(ProgressState & { readonly cursor: string }) | null> {
  return Progress.parse(await query(url, PROGRESS, { taskId })).taskProgress;
}

/** @returns `data`; an answer with errors is a failure of the test. */
export async function query(url: string, text: string, variables: Readonly<Record<string, unknown>>): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json' },
    body: JSON.stringify({ query: text, variables }),
    signal: AbortSignal.timeout(20_000),
  });
  const answer = Answer.parse(await response.json());
  if (answer.errors !== undefined) throw new Error(`HTTP ${response.status} with ${JSON.stringify(answer.errors)}`);
  return answer.data;
}
