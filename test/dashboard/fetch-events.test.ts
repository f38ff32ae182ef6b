/** What the list brings in, with answers that come when the test lets them. */
import { expect, test } from 'vitest';
import { OperationFailedError, type TaskEvent, type TypedDocument } from '../../src/client/index.ts';
import { createEventCache } from '../../src/dashboard/run/event-cache.ts';
import { createEventFetcher, toApiFilter } from '../../src/dashboard/run/fetch-events.ts';
import { waitFor } from '../support/wait-for.ts';

interface Question {
  readonly afterSequence: number;
  readonly answer: (sequences: readonly number[]) => void;
  readonly refuse: (error: Error) => void;
}

function open() {
  const questions: Question[] = [];
  const events = createEventCache();
  const seen = { gone: 0, news: 0 };
  const ask = <Data, Variables>(_document: TypedDocument<Data, Variables>, variables: Variables): Promise<Data> => {
    const { promise, resolve, reject } = Promise.withResolvers<Data>();
    const { afterSequence } = variables as { afterSequence: number };
    const answer = (sequences: readonly number[]): void =>
      // The one document that it asks has this answer.
      resolve({ taskEvents: { nodes: sequences.map(eventOf) } } as Data);
    questions.push({ afterSequence, answer, refuse: reject });
    return promise;
  };
  const onGone = (): void => void (seen.gone += 1);
  const onNews = (): void => void (seen.news += 1);
  const fetcher = createEventFetcher({ ask, taskId: 'a', events, onNews, onGone });
  const question = (index: number): Promise<Question> =>
    waitFor(() => questions[index], { withinMs: 5_000, what: `question ${index}` });
  return { fetcher, events, questions, question, seen };
}

function eventOf(sequence: number): TaskEvent {
  const at = '2026-11-23T12:00:00.000Z';
  return {
    sequence,
    eventId: `e${sequence}`,
    timestamp: at,
    recordedAt: at,
    component: 'a',
    message: '',
    eventType: 'WARNING',
    stage: 'ANALYSIS',
    details: null,
    progress: null,
    estimatedTimeRemaining: null,
  };
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);

test('an answer to one filter says nothing of what another shows', async () => {
  const { fetcher, events, question, seen } = open();
  fetcher.want([10, 20, 30], { eventTypes: ['WARNING'] });
  const first = await question(0);
  fetcher.want(range(10, 30), undefined);
  first.answer([10, 20, 30]);
  const second = await question(1);
  expect(second.afterSequence).toBe(10);
  second.answer(range(11, 30));
  await waitFor(() => events.get(29), { withinMs: 5_000, what: 'all of them' });
  expect(range(10, 30).filter(fetcher.isGone)).toEqual([]);
  expect(seen.gone).toBe(0);
});

test('what was asked for and did not come is no longer kept', async () => {
  const { fetcher, question, seen } = open();
  fetcher.want(range(1, 5), undefined);
  (await question(0)).answer([4, 5]);
  await waitFor(() => seen.news > 0, { withinMs: 5_000, what: 'the answer' });
  expect(range(1, 5).filter(fetcher.isGone)).toEqual([1, 2, 3]);
  expect(seen.gone).toBe(1);
});

test('what is refused is told, and not asked for again', async () => {
  const { fetcher, questions, question, seen } = open();
  fetcher.want([1], undefined);
  (await question(0)).refuse(new OperationFailedError('FORBIDDEN', 'No.'));
  await waitFor(() => seen.news > 0, { withinMs: 5_000, what: 'the refusal' });
  expect(fetcher.refusal).toMatchObject({ code: 'FORBIDDEN' });
  fetcher.want([1, 2, 3], undefined);
  expect(questions).toHaveLength(1);
});

test('problems are asked for by all of their types, whichever have been seen', () => {
  const types = ['WARNING', 'ERROR', 'TASK_FAILED', 'BELTER_FAILED', 'DRUMMER_FAILED'];
  const filter = { components: [], eventTypes: [], stages: [], problemsOnly: true };
  expect(toApiFilter(filter)?.eventTypes).toEqual(types);
  expect(toApiFilter({ ...filter, eventTypes: ['ERROR', 'PROGRESS_UPDATE'] })?.eventTypes).toEqual(['ERROR']);
  expect(toApiFilter({ ...filter, problemsOnly: false })).toBeUndefined();
});
