/**
 * Brings the events in full that are looked at and not there. One question at a time: whoever scrolls fast is answered
 * about where they are, not about everything they passed.
 */
import { isPassing, type EventType, type ProgressStage, type TaskEventFilter } from '../../client/index.ts';
import { TaskEventsFromDocument } from '../../client/generated/graphql.ts';
import type { Server } from '../shell/server.ts';
import type { EventCache } from './event-cache.ts';
import { isProblem, type FeedFilter } from './selection.ts';

export interface EventFetcher {
  /** These are looked at, in order. */
  want(this: void, sequences: readonly number[], filter: TaskEventFilter | undefined): void;
  /** Nobody looks any more. */
  leave(this: void): void;
  /** The server does not keep it any more. */
  isGone(sequence: number): boolean;
}

export interface EventFetcherOptions {
  readonly ask: Server['ask'];
  readonly taskId: string;
  readonly events: EventCache;
  /** They are there, or known to be gone. */
  readonly onNews: () => void;
}

/** What fills a screen some times over. */
const PAGE = 100;
const RETRY_MS = 1_000;

export function createEventFetcher({ ask, taskId, events, onNews }: EventFetcherOptions): EventFetcher {
  const gone = new Set<number>();
  let wanted: { readonly sequences: readonly number[]; readonly filter: TaskEventFilter | undefined } | undefined;
  let isAsking = false;

  const nextMissing = (): number | undefined =>
    wanted?.sequences.find((sequence) => events.get(sequence) === undefined && !gone.has(sequence));

  async function fetchWanted(): Promise<void> {
    for (let from = nextMissing(); from !== undefined; from = nextMissing()) {
      const filter = wanted?.filter;
      const last = wanted?.sequences.at(-1) ?? from;
      try {
        const variables = { taskId, afterSequence: from - 1, first: PAGE, filter };
        const { taskEvents } = await ask(TaskEventsFromDocument, variables);
        const nodes = taskEvents?.nodes ?? [];
        for (const event of nodes) events.add(event);
        const until = nodes.length < PAGE ? last : (nodes.at(-1)?.sequence ?? last);
        for (const sequence of wanted?.sequences ?? []) {
          if (sequence >= from && sequence <= until && events.get(sequence) === undefined) gone.add(sequence);
        }
        onNews();
      } catch (error) {
        if (!(error instanceof Error) || !isPassing(error)) return;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  return {
    want(sequences, filter) {
      wanted = { sequences, filter };
      if (isAsking || nextMissing() === undefined) return;
      isAsking = true;
      void fetchWanted().finally(() => {
        isAsking = false;
      });
    },
    leave() {
      wanted = undefined;
    },
    isGone: (sequence) => gone.has(sequence),
  };
}

/** As the server takes it. The names came from it. */
export function toApiFilter(filter: FeedFilter, types: readonly string[]): TaskEventFilter | undefined {
  const { components, eventTypes, stages, problemsOnly } = filter;
  const wantedTypes = problemsOnly
    ? types.filter((type) => isProblem(type) && (eventTypes.length === 0 || eventTypes.includes(type)))
    : eventTypes;
  const isTyped = problemsOnly || eventTypes.length > 0;
  if (components.length === 0 && stages.length === 0 && !isTyped) return undefined;
  return {
    components: components.length === 0 ? undefined : components,
    eventTypes: isTyped ? (wantedTypes as readonly EventType[]) : undefined,
    stages: stages.length === 0 ? undefined : (stages as readonly ProgressStage[]),
  };
}
