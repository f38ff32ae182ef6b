/** In production a stranger learns nothing of the schema that it did not name. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { codesOf, startApp, type TestApp } from '../support/app.ts';

let server: TestApp;
beforeAll(async () => {
  server = await startApp({ settings: { production: 'true' } });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

test.each([
  '{ __schema { types { name } } }',
  '{ a: __type(name: "Task") { name } }',
  'query ($name: String!) { ...F } fragment F on Query { __type(name: $name) { name } }',
])('no introspection: %s', async (query) => {
  expect(new Set(codesOf(await server.post(query, { name: 'Task' })))).toEqual(new Set(['GRAPHQL_VALIDATION_FAILED']));
  await using socket = await server.ws();
  socket.subscribe('1', query, { name: 'Task' });
  expect((await socket.next('1')).type).toBe('error');
  await using stream = await server.sse({ query, variables: { name: 'Task' } });
  expect(codesOf(await stream.nextResult())).toContain('GRAPHQL_VALIDATION_FAILED');
});

test.each<[string, Record<string, unknown>?]>([
  ['{ taskProgres(taskId: "a") { sequence } }'],
  ['{ taskProgress(taskI: "a") { sequence } }'],
  ['{ tasks(filter: { statuses: [RUNING] }) { nodes { id } } }'],
  ['query ($filter: TaskFilter) { tasks(filter: $filter) { nodes { id } } }', { filter: { statuse: [] } }],
  ['query ($filter: TaskFilter) { tasks(filter: $filter) { nodes { id } } }', { filter: { statuses: ['RUNING'] } }],
])('no suggestions: %s', async (query, variables = {}) => {
  const answers = [await server.post(query, variables)];
  await using stream = await server.sse({ query, variables });
  answers.push(await stream.nextResult());
  for (const answer of answers) {
    expect(answer.errors?.length).toBeGreaterThan(0);
    expect(JSON.stringify(answer)).not.toContain('Did you mean');
  }
});

test('__typename is answered, for every client asks it', async () => {
  expect((await server.post('{ __typename }')).data).toEqual({ __typename: 'Query' });
});

test('no GraphiQL, and the page at / does not offer it', async () => {
  const page = await fetch(server.graphqlUrl, { headers: { accept: 'text/html' } });
  expect(await page.text()).not.toContain('<html');
  expect(await (await fetch(server.origin)).text()).not.toContain('Open GraphiQL');
});
