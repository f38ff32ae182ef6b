/** The playhead's questions, with answers that come when the test lets them. */
import { expect, test } from 'vitest';
import { OperationFailedError, type TypedDocument } from '../../src/client/index.ts';
import { createPastReader, type Past } from '../../src/dashboard/run/past.ts';
import { waitFor } from '../support/wait-for.ts';

interface Question {
  readonly at: number;
  readonly answer: (state: unknown) => void;
  readonly refuse: (error: Error) => void;
}

function open() {
  const questions: Question[] = [];
  const told: Past[] = [];
  const ask = <Data, Variables>(_document: TypedDocument<Data, Variables>, variables: Variables): Promise<Data> => {
    const { promise, resolve, reject } = Promise.withResolvers<Data>();
    const { atSequence } = variables as { atSequence: number };
    // The one document that it asks has this answer.
    questions.push({ at: atSequence, answer: (state) => resolve({ taskProgress: state } as Data), refuse: reject });
    return promise;
  };
  const reader = createPastReader({ ask, taskId: 'a', onPast: (past) => told.push(past) });
  const question = (index: number): Promise<Question> =>
    waitFor(() => questions[index], { withinMs: 5_000, what: `question ${index}` });
  return { reader, questions, told, question };
}

function stateOf(sequence: number) {
  return { sequence, components: [] };
}

async function last(told: readonly Past[], at: number): Promise<Past> {
  return waitFor(() => told.findLast((past) => past.at === at), { withinMs: 5_000, what: `what is told of ${at}` });
}

test('while the playhead is dragged one question is on its way, and the next is about where it is by then', async () => {
  const { reader, questions, told, question } = open();
  for (const at of [5, 6, 7, 8]) reader.want(at);
  (await question(0)).answer(stateOf(5));
  (await question(1)).answer(stateOf(8));
  expect((await last(told, 8)).shown?.progress.sequence).toBe(8);
  expect(questions.map(({ at }) => at)).toEqual([5, 8]);
});

test('a place that is refused is told of, and the place where the playhead is by then is asked for all the same', async () => {
  const { reader, told, question } = open();
  reader.want(7);
  const first = await question(0);
  reader.want(486);
  first.refuse(new OperationFailedError('BAD_USER_INPUT', 'That event is no longer kept.'));
  (await question(1)).answer(stateOf(486));
  expect((await last(told, 486)).shown?.progress.sequence).toBe(486);
  expect(told.find(({ at }) => at === 7)).toMatchObject({ shown: undefined, error: { code: 'BAD_USER_INPUT' } });
});

test('what passes is waited out, and meanwhile what was answered before is told to be that', async () => {
  const { reader, told, question } = open();
  reader.want(1);
  (await question(0)).answer(stateOf(1));
  await last(told, 1);
  reader.want(2);
  (await question(1)).refuse(new OperationFailedError('OVERLOADED', 'Later.'));
  (await question(2)).answer(stateOf(2));
  expect(await last(told, 2)).toMatchObject({ shown: { progress: { sequence: 2 } }, error: undefined });
  expect(told.find(({ error }) => error !== undefined)).toMatchObject({ at: 1, shown: { progress: { sequence: 1 } } });
});

test('whoever left hears nothing more', async () => {
  const { reader, told, question } = open();
  reader.want(1);
  const first = await question(0);
  reader[Symbol.dispose]();
  first.answer(stateOf(1));
  await Promise.resolve();
  expect(told).toEqual([]);
});
