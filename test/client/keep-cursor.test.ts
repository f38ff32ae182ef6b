/** `examples/keep-cursor.ts`, which people copy: a plain graphql-ws client that resumes where it broke off. */
import { createClient } from 'graphql-ws';
import { expect, test } from 'vitest';
import { keepCursor } from '../../examples/keep-cursor.ts';
import { settlesWithin } from '../support/wait-for.ts';
import { openScriptedServer } from './scripted-server.ts';

const QUERY = 'subscription ($after: String) { taskUpdates(taskId: "t", after: $after) { cursor } }';

test('after each break the last cursor is sent, and never that of another subscription', async () => {
  await using server = await openScriptedServer((asked) => {
    const name = String(asked.variables['name']);
    asked.next({ [`alias_of_${name}`]: { cursor: `${name}${asked.connection}` } });
    if (asked.connection === 3) asked.complete();
    else if (name === 'b') asked.cut();
  });
  const client = keepCursor(
    createClient({ url: server.url.replace('http', 'ws'), shouldRetry: () => true, retryWait: async () => {} }),
  );
  const subscribe = (name: string): Promise<unknown[]> =>
    new Promise((resolve, reject) => {
      const seen: unknown[] = [];
      const next = ({ data }: { data?: unknown }) => void seen.push(data);
      client.subscribe({ query: QUERY, variables: { name } }, { next, error: reject, complete: () => resolve(seen) });
    });
  const both = Promise.all([subscribe('a'), subscribe('b')]);
  await settlesWithin(both, { withinMs: 5_000, what: 'both to complete' });
  const asked = (name: string) => server.asked.filter(({ variables }) => variables['name'] === name);
  expect(asked('a').map(({ variables }) => variables['after'])).toEqual([undefined, 'a1', 'a2']);
  expect(asked('b').map(({ variables }) => variables['after'])).toEqual([undefined, 'b1', 'b2']);
  await client.dispose();
});

test('the variables of the caller stay as they are', async () => {
  await using server = await openScriptedServer((asked) => {
    asked.next({ taskUpdates: { cursor: 'c1' } });
    asked.complete();
  });
  const client = keepCursor(createClient({ url: server.url.replace('http', 'ws') }));
  const variables = { taskId: 't' };
  await new Promise<void>((resolve, reject) => {
    client.subscribe({ query: QUERY, variables }, { next() {}, error: reject, complete: resolve });
  });
  expect(variables).toEqual({ taskId: 't' });
  await client.dispose();
});
