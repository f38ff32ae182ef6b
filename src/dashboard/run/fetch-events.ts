/**
 * Brings the events in full that are looked at and not there. One question at a time: whoever scrolls fast is answered
 * about where they are, not about everything they passed.
 */
import type { EventType, ProgressStage, TaskEventFilter } from '../../client/index.ts';
import { TaskEventsFromDocument } from '../../client/generated/graphql.ts';
import { persist } from '../shell/persist.ts';
import type { Server } from '../shell/server.ts';
import type { EventCache } from './event-cache.ts';
import type { FeedFilter } from './selection.ts';

export interface EventFetcher {
  /** These are looked at, in order. */
  want(this: void, sequences: readonly number[], filter: TaskEventFilter | undefined): void;
  /** Nobody looks any more. */
  leave(this: void): void;
  /** The server does not keep it any more. */
  isGone(sequence: number): boolean;
  /** Why nothing more is asked. */
  readonly refusal: Error | undefined;
}

export interface EventFetcherOptions {
  readonly ask: Server['ask'];
  readonly taskId: string;
  readonly events: EventCache;
  /** They are there, known to be gone, or refused. */
  readonly onNews: () => void;
  /** Some of what was looked at is no longer kept. */
  readonly onGone: () => void;
}

interface Wanted {
  readonly sequences: readonly number[];
  readonly filter: TaskEventFilter | undefined;
}

/** The types of warnings, errors and failures, for the API, which takes names. */
const PROBLEM_TYPES: readonly string[] = ['WARNING', 'ERROR', 'TASK_FAILED', 'BELTER_FAILED', 'DRUMMER_FAILED'];
/** What fills a screen some times over. */
const PAGE = 100;

export function createEventFetcher(options: EventFetcherOptions): EventFetcher {
  const { ask, taskId, events, onNews, onGone } = options;
  const gone = new Set<number>();
  let wanted: Wanted | undefined;
  let asking: AbortController | undefined;
  let refusal: Error | undefined;

  const isMissing = (sequence: number): boolean => events.get(sequence) === undefined && !gone.has(sequence);

  async function fetchFrom(from: number, { sequences, filter }: Wanted, signal: AbortSignal): Promise<void> {
    const variables = { taskId, afterSequence: from - 1, first: PAGE, filter };
    const { taskEvents } = await persist(() => ask(TaskEventsFromDocument, variables, signal), { signal });
    const nodes = taskEvents?.nodes ?? [];
    for (const event of nodes) events.add(event);
    // The answer tells of what lies between its ends, of nothing else.
    const until = nodes.length < PAGE ? Infinity : (nodes.at(-1)?.sequence ?? from);
    const absent = sequences.filter((sequence) => sequence >= from && sequence <= until && isMissing(sequence));
    for (const sequence of absent) gone.add(sequence);
    if (absent.length > 0) onGone();
    onNews();
  }

  async function fetchWanted(signal: AbortSignal): Promise<void> {
    while (true) {
      const question = wanted;
      const from = question?.sequences.find(isMissing);
      if (question === undefined || from === undefined) return;
      await fetchFrom(from, question, signal);
    }
  }

  return {
    want(sequences, filter) {
      wanted = { sequences, filter };
      if (asking !== undefined || refusal !== undefined || !sequences.some(isMissing)) return;
      const own = new AbortController();
      asking = own;
      fetchWanted(own.signal)
        .catch((error: unknown) => {
          if (own.signal.aborted) return;
          refusal = error instanceof Error ? error : new Error(String(error));
          onNews();
        })
        .finally(() => {
          if (asking === own) asking = undefined;
        });
    },
    leave() {
      wanted = undefined;
      asking?.abort();
      asking = undefined;
    },
    isGone: (sequence) => gone.has(sequence),
    get refusal() {
      return refusal;
    },
  };
}

/** As the server takes it. A name that it does not know is refused by it, in words. */
export function toApiFilter({ components, eventTypes, stages, problemsOnly }: FeedFilter): TaskEventFilter | undefined {
  const isTyped = problemsOnly || eventTypes.length > 0;
  if (components.length === 0 && stages.length === 0 && !isTyped) return undefined;
  const problems = PROBLEM_TYPES.filter((type) => eventTypes.length === 0 || eventTypes.includes(type));
  const types = problemsOnly ? problems : eventTypes;
  return {
    components: components.length === 0 ? undefined : components,
    eventTypes: isTyped ? (types as readonly EventType[]) : undefined,
    stages: stages.length === 0 ? undefined : (stages as readonly ProgressStage[]),
  };
}
