import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startApp, type TestApp } from '../support/app.ts';

let server: TestApp;
beforeAll(async () => {
  server = await startApp();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const AUDITS = serverAudits({ url: () => server.graphqlUrl });
const REQUIRED = AUDITS.filter(({ name }) => !name.startsWith('MAY'));

test('the audits of the GraphQL over HTTP specification are there', () => {
  expect(REQUIRED.length).toBeGreaterThan(30);
});

test.each(REQUIRED.map((audit) => [audit.id, audit.name, audit] as const))('%s %s', async (_id, _name, audit) => {
  const result = await audit.fn();
  expect(result.status === 'ok' ? 'ok' : `${result.status}: ${result.reason}`).toBe('ok');
});

test('what the specification allows and we do otherwise is known', async () => {
  const optional = AUDITS.filter(({ name }) => name.startsWith('MAY'));
  const results = await Promise.all(optional.map((audit) => audit.fn()));
  const otherwise = results.filter(({ status }) => status !== 'ok').map(({ id, name }) => `${id} ${name}`);
  expect(otherwise.toSorted()).toEqual([]);
});
