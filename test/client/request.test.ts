/** One request: data, or one of two errors that say what the caller can do. */
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import * as client from '../../src/client/index.ts';
import { InitTaskDocument, isPassing, request } from '../../src/client/index.ts';

interface Answer {
  readonly status: number;
  readonly body: string;
}

async function openHttp(answer: Answer | undefined) {
  const server = createServer((_request, response) => {
    if (answer !== undefined) response.writeHead(answer.status).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A TCP server's address is never the path of a pipe.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/graphql`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function ask(url: string, rest: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {}) {
  return request({ url, document: InitTaskDocument, variables: { input: { taskId: 't' } }, ...rest });
}

async function errorOf(answer: Answer): Promise<unknown> {
  await using server = await openHttp(answer);
  return await ask(server.url).catch((error: unknown) => error);
}

test('data comes typed', async () => {
  await using server = await openHttp({ status: 200, body: '{"data":{"initTask":{"created":true}}}' });
  expect((await ask(server.url)).initTask.created).toBe(true);
});

/** As codegen writes it into a user's own project: the private member makes it another class than ours. */
class TypedDocumentString<Data, Variables> extends String implements DocumentTypeDecoration<Data, Variables> {
  __apiType?: NonNullable<DocumentTypeDecoration<Data, Variables>['__apiType']>;
  private readonly text: string;

  constructor(text: string) {
    super(text);
    this.text = text;
  }

  override toString(): string & DocumentTypeDecoration<Data, Variables> {
    return this.text;
  }
}

test("a user's own documents are taken, and their data and variables keep their types", async () => {
  await using server = await openHttp({ status: 200, body: '{"data":{"task":{"title":"Typed"}}}' });
  const { url } = server;
  const document = new TypedDocumentString<{ readonly task: { readonly title: string } }, { readonly id: string }>(
    'query ($id: ID!) { task(id: $id) { title } }',
  );
  const { task } = await request({ url, document, variables: { id: 't' } });
  expect(task.title).toBe('Typed');
  // @ts-expect-error no such variable
  await request({ url, document, variables: { name: 't' } });
});

test('the documents of the package come with it', () => {
  const { EmitEventsDocument, TaskHeaderDocument, TaskUpdatesDocument } = client;
  for (const document of [EmitEventsDocument, InitTaskDocument, TaskHeaderDocument, TaskUpdatesDocument]) {
    expect(document.toString()).toMatch(/^\s*(query|mutation|subscription) /);
  }
});

test('a refusal has the code and the issues of the server', async () => {
  const issues = [{ path: ['inputs', 3, 'progress'], message: 'must be from 0 to 1' }];
  const body = JSON.stringify({ errors: [{ message: 'no', extensions: { code: 'BAD_USER_INPUT', issues } }] });
  const error = await errorOf({ status: 400, body });
  expect(error).toMatchObject({ name: 'OperationFailedError', code: 'BAD_USER_INPUT', issues });
  expect(isPassing(error)).toBe(false);
});

test('"not now" is told from "no"', async () => {
  const body = JSON.stringify({ errors: [{ message: 'later', extensions: { code: 'STORE_UNAVAILABLE' } }] });
  expect(isPassing(await errorOf({ status: 503, body }))).toBe(true);
});

describe('an answer that is not GraphQL is no answer', () => {
  test.each([
    [502, '<html>bad gateway', true],
    [503, '', true],
    [429, 'slow down', true],
    [404, 'not found', false],
    [200, 'welcome', true],
    [200, '[]', true],
    [200, '{"data":null}', true],
  ])('%d %j', async (status, body, passing) => {
    const error = await errorOf({ status, body });
    expect(error).toMatchObject({ code: 'CONNECTION_FAILED', status });
    expect(isPassing(error)).toBe(passing);
  });
});

test('no server is a failed connection that may pass', async () => {
  const server = await openHttp(undefined);
  await server[Symbol.asyncDispose]();
  const error: unknown = await ask(server.url).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'CONNECTION_FAILED', status: undefined });
  expect(isPassing(error)).toBe(true);
});

test('no answer in time is a failed connection', async () => {
  await using server = await openHttp(undefined);
  await expect(ask(server.url, { timeoutMs: 30 })).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
});

test("the caller's own abort is thrown as its reason", async () => {
  await using server = await openHttp(undefined);
  const reason = new Error('enough');
  await expect(ask(server.url, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});
