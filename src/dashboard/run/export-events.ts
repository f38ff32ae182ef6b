/** A run as a file of JSON Lines, in the shape that `drumline emit --file` takes: so it can be played again anywhere. */
import type { TaskEvent, TaskEventFilter } from '../../client/index.ts';
import { TaskEventsFromDocument } from '../../client/generated/graphql.ts';
import { persist } from '../shell/persist.ts';
import type { Server } from '../shell/server.ts';

export interface ExportOptions {
  readonly ask: Server['ask'];
  readonly taskId: string;
  readonly filter: TaskEventFilter | undefined;
  readonly upTo: number;
  readonly signal: AbortSignal;
  /** 0 to 1. */
  readonly onProgress: (share: number) => void;
}

/** As many as the server gives at once. */
const PAGE = 1_000;

/** Page by page, so that what was read is text already and no event is held twice. */
export async function exportEvents(options: ExportOptions): Promise<Blob> {
  const { ask, taskId, filter, upTo, signal, onProgress } = options;
  const parts: string[] = [];
  let afterSequence = 0;
  while (afterSequence < upTo) {
    const variables = { taskId, afterSequence, first: PAGE, filter };
    const { taskEvents } = await persist(() => ask(TaskEventsFromDocument, variables, signal), { signal });
    const nodes = taskEvents?.nodes ?? [];
    const wanted = nodes.filter(({ sequence }) => sequence <= upTo);
    if (wanted.length > 0) parts.push(wanted.map((event) => `${JSON.stringify(toLine(taskId, event))}\n`).join(''));
    if (nodes.length < PAGE) break;
    afterSequence = nodes.at(-1)?.sequence ?? upTo;
    onProgress(afterSequence / upTo);
  }
  return new Blob(parts, { type: 'application/jsonl' });
}

function toLine(taskId: string, event: TaskEvent): object {
  const { sequence: _sequence, recordedAt: _recordedAt, details, progress, estimatedTimeRemaining, ...rest } = event;
  return {
    taskId,
    ...rest,
    // Left out rather than null: that is how they were said.
    ...(details == null ? {} : { details }),
    ...(progress == null ? {} : { progress }),
    ...(estimatedTimeRemaining == null ? {} : { estimatedTimeRemaining }),
  };
}

/** Hands it to the browser as a download. */
export function download(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser has taken hold of it by then.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
