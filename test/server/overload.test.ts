/** While as much waits to be recorded as may, emits are refused unread, and everything else goes on. */
import { expect, test } from 'vitest';
import { GraphQLError } from 'graphql';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Graphql } from '../../src/server/graphql.ts';
import { createGraphqlAnswers } from '../../src/server/http-graphql.ts';
import { createSchema } from '../../src/schema/index.ts';
import { createGraphql } from '../../src/server/graphql.ts';
import { openBench } from '../manager/bench.ts';
import { EMIT, GOOD_EVENT } from '../support/app.ts';

test('an emit is 503 OVERLOADED with when to try again and is not recorded; queries are answered; then emits are', async () => {
  await using bench = openBench();
  const mask = (error: unknown): GraphQLError =>
    error instanceof GraphQLError ? error : new GraphQLError(String(error));
  const graphql: Graphql = createGraphql({ schema: createSchema(), mask, maxBodyBytes: 10_000, isDiscreet: false });
  let isOverloaded = false;
  const answer = createGraphqlAnswers({ graphql, mask, maxBodyBytes: 10_000, isOverloaded: () => isOverloaded });
  const server = createServer((request, response) => void answer(request, response, { manager: bench.manager }));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
  const post = (query: string, variables: object = {}): Promise<Response> =>
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
    });
  try {
    // From its first answer on a client's form of answers is known, and its emits are read the short way.
    expect((await post(EMIT, { input: GOOD_EVENT })).status).toBe(200);
    isOverloaded = true;
    const refused = await post(EMIT, { input: GOOD_EVENT });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await refused.text()).toContain('The server has more to record than it can.');
    expect((await post('{ __typename }')).status).toBe(200);
    isOverloaded = false;
    expect((await post(EMIT, { input: GOOD_EVENT })).status).toBe(200);
    expect((await bench.manager.getTask(GOOD_EVENT.taskId))?.progress.seq).toBe(2);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
