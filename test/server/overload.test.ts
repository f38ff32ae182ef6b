/** While as much waits to be recorded as may, emits are refused unread, and everything else goes on. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GraphQLError } from 'graphql';
import { expect, test } from 'vitest';
import { createSchema } from '../../src/schema/index.ts';
import { createGraphql } from '../../src/server/graphql.ts';
import { createGraphqlAnswers } from '../../src/server/http-graphql.ts';
import { openBench } from '../manager/bench.ts';
import { EMIT, GOOD_EVENT } from '../support/app.ts';

interface Answers extends AsyncDisposable {
  isOverloaded: boolean;
  post(query: string, variables?: object, accept?: string): Promise<Response>;
  /** Of the task of `GOOD_EVENT`. */
  recorded(): Promise<number | undefined>;
}

async function openAnswers(): Promise<Answers> {
  const bench = openBench();
  const mask = (error: unknown): GraphQLError =>
    error instanceof GraphQLError ? error : new GraphQLError(String(error));
  const graphql = createGraphql({ schema: createSchema(), mask, maxBodyBytes: 10_000, isDiscreet: false });
  const answer = createGraphqlAnswers({
    graphql,
    mask,
    maxBodyBytes: 10_000,
    isOverloaded: () => answers.isOverloaded,
  });
  const server = createServer((request, response) => void answer(request, response, { manager: bench.manager }));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
  const answers: Answers = {
    isOverloaded: false,
    post: (query, variables = {}, accept = '*/*') =>
      fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept },
        body: JSON.stringify({ query, variables }),
      }),
    recorded: async () => (await bench.manager.getTask(GOOD_EVENT.taskId))?.progress.seq,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await bench[Symbol.asyncDispose]();
    },
  };
  return answers;
}

test('an emit is 503 OVERLOADED with when to try again and is not recorded; queries are answered; then emits are', async () => {
  await using answers = await openAnswers();
  // From its first answer on a client's form of answers is known, and its emits are read the short way.
  expect((await answers.post(EMIT, { input: GOOD_EVENT })).status).toBe(200);
  answers.isOverloaded = true;
  const refused = await answers.post(EMIT, { input: GOOD_EVENT });
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
  expect(await refused.text()).toContain('The server has more to record than it can.');
  expect((await answers.post('{ __typename }')).status).toBe(200);
  answers.isOverloaded = false;
  expect((await answers.post(EMIT, { input: GOOD_EVENT })).status).toBe(200);
  expect(await answers.recorded()).toBe(2);
});

test('a client has the short way, however many other kinds of clients came before it', async () => {
  await using answers = await openAnswers();
  for (let kind = 0; kind < 150; kind += 1) await answers.post('{ __typename }', {}, `application/json;kind=${kind}`);
  await answers.post('{ __typename }');
  answers.isOverloaded = true;
  expect((await answers.post(EMIT, { input: GOOD_EVENT })).status).toBe(503);
});
