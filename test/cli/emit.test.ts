/** `drumline emit` against a real server. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { openTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';
import { openApp } from './app.ts';
import { cli, startCli } from './host.ts';

const SURVEY = fileURLToPath(new URL('../fixtures/code-survey.jsonl', import.meta.url));

function line(message: string, rest: Readonly<Record<string, unknown>> = {}): string {
  const event = { taskId: 't', eventType: 'PROGRESS_UPDATE', component: 'camina', stage: 'ANALYSIS', message };
  return JSON.stringify({ ...event, ...rest });
}

/** What the server has recorded of the task, by the words of its events. */
async function messages(url: string, taskId = 't'): Promise<string[]> {
  const query = 'query ($id: ID!) { taskEvents(taskId: $id, first: 1000) { nodes { message } } }';
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables: { id: taskId } }),
  });
  const { data } = (await response.json()) as { data: { taskEvents: { nodes: { message: string }[] } | null } };
  return data.taskEvents?.nodes.map(({ message }) => message) ?? [];
}

describe('a file', () => {
  test('is recorded whole, in order; sent again it adds nothing', async () => {
    await using app = await openApp();
    const first = await cli(['emit', '--file', SURVEY, '--url', app.url]);
    expect(first).toMatchObject({ exitCode: 0, stdout: '593 events recorded, 0 already known\n', stderr: '' });
    const lines = (await readFile(SURVEY, 'utf8')).trimEnd().split('\n');
    const expected = lines.map((text) => (JSON.parse(text) as { message: string }).message);
    expect(await messages(app.url, 'code-survey-1')).toEqual(expected);
    const again = await cli(['emit', '--file', SURVEY, '--url', app.url, '--batch', '7']);
    expect(again).toMatchObject({ exitCode: 0, stdout: '0 events recorded, 593 already known\n' });
  });

  test('with a line put in between adds that line alone', async () => {
    await using app = await openApp();
    await using directory = await openTempDir();
    const file = path.join(directory.path, 'run.jsonl');
    await writeFile(file, [line('a'), line('a'), line('b')].join('\n'));
    await cli(['emit', '--file', file, '--url', app.url]);
    await writeFile(file, [line('a'), line('new'), line('a'), line('b')].join('\r\n'));
    const { stdout } = await cli(['emit', '--file', file, '--url', app.url]);
    expect(stdout).toBe('1 event recorded, 3 already known\n');
    expect(await messages(app.url)).toEqual(['a', 'a', 'b', 'new']);
  });

  test('with a mistake in its last line is refused with its number, before anything is sent', async () => {
    await using app = await openApp();
    await using directory = await openTempDir();
    const file = path.join(directory.path, 'run.jsonl');
    await writeFile(file, `${line('a')}\n\n${line('b', { progress: 2 })}\n`);
    const { exitCode, stderr } = await cli(['emit', '--file', file, '--url', app.url]);
    expect(exitCode).toBe(65);
    expect(stderr).toMatch(/^drumline: line 3: progress[^\n]*\n$/);
    expect(await messages(app.url)).toEqual([]);
  });

  test('that is not there is bad input', async () => {
    const { exitCode, stderr } = await cli(['emit', '--file', '/nowhere/run.jsonl']);
    expect(exitCode).toBe(65);
    expect(stderr).toMatch(/^drumline: cannot read \/nowhere\/run.jsonl: ENOENT\n$/);
  });

  test('is played under another name with --task', async () => {
    await using app = await openApp();
    const { exitCode } = await cli(['emit', '--file', SURVEY, '--url', app.url, '--task', 'again']);
    expect(exitCode).toBe(0);
    expect(await messages(app.url, 'again')).toHaveLength(593);
    expect(await messages(app.url, 'code-survey-1')).toEqual([]);
  });

  test('the server is the judge: its refusal comes with the number of the line', async () => {
    await using app = await openApp();
    await cli(['emit', '--file', '-', '--url', app.url], { stdin: line('a', { eventId: 'x' }) });
    const stdin = [line('fine'), '', line('b', { eventId: 'x' })].join('\n');
    const { exitCode, stderr } = await cli(['emit', '--file', '-', '--url', app.url], { stdin });
    expect(exitCode).toBe(65);
    expect(stderr).toMatch(/^drumline: line 3: eventId/);
    expect(await messages(app.url)).toEqual(['a']);
  });
});

describe('standard input', () => {
  test('is sent as it comes, while the program that writes it goes on', async () => {
    await using app = await openApp();
    const stdin = new PassThrough();
    const running = startCli(['emit', '--file', '-', '--url', app.url], { stdin });
    stdin.write(`${line('a')}\n${line('b')}\n`);
    await waitFor(async () => (await messages(app.url)).length === 2, { withinMs: 5_000, what: 'the first two' });
    stdin.end(line('c'));
    expect(await running.done).toMatchObject({ exitCode: 0, stdout: '3 events recorded, 0 already known\n' });
    expect(await messages(app.url)).toEqual(['a', 'b', 'c']);
  });

  test('up to a mistake is recorded, and the mistake has its number', async () => {
    await using app = await openApp();
    const stdin = [line('a'), line('b'), '{', line('c')].join('\n');
    const { exitCode, stdout, stderr } = await cli(['emit', '--file', '-', '--url', app.url], { stdin });
    expect({ exitCode, stdout }).toEqual({ exitCode: 65, stdout: '' });
    expect(stderr).toMatch(/^drumline: line 3: [^\n]*\ndrumline: 2 events before it are recorded[^\n]*\n$/);
    expect(await messages(app.url)).toEqual(['a', 'b']);
  });

  test('that is interrupted ends with what was recorded, and 130', async () => {
    await using app = await openApp();
    const stdin = new PassThrough();
    const running = startCli(['emit', '--file', '-', '--url', app.url], { stdin });
    stdin.write(`${line('a')}\n`);
    await waitFor(async () => (await messages(app.url)).length === 1, { withinMs: 5_000, what: 'the first' });
    running.interrupt();
    expect(await running.done).toMatchObject({ exitCode: 130, stdout: '1 event recorded, 0 already known\n' });
  });
});

describe('one event', () => {
  const FLAGS = ['--type', 'progress_update', '--component', 'camina', '--stage', 'ANALYSIS', '--message', 'half'];

  test('from flags, with what was recorded as JSON', async () => {
    await using app = await openApp();
    const argv = ['emit', '--task', 't', ...FLAGS, '--progress', '0.5', '--event-id', 'e1', '--json', '--url', app.url];
    const first = await cli(argv);
    expect(first.exitCode).toBe(0);
    expect(JSON.parse(first.stdout)).toEqual({ taskId: 't', eventId: 'e1', sequence: 1, duplicate: false });
    expect(first.stderr).toBe('1 event recorded, 0 already known\n');
    expect(JSON.parse((await cli(argv)).stdout)).toMatchObject({ sequence: 1, duplicate: true });
  });

  test.each([
    ['nothing', []],
    ['no task', FLAGS],
    ['an unknown type', ['--task', 't', '--type', 'PAUSED', ...FLAGS.slice(2)]],
    ['a progress that is no share', ['--task', 't', ...FLAGS, '--progress', '50']],
    ['details that are no object', ['--task', 't', ...FLAGS, '--details', '[1]']],
    ['details that are no JSON', ['--task', 't', ...FLAGS, '--details', '{']],
    ['a file and an event', ['--file', '-', ...FLAGS]],
  ])('%s is a usage error in one line', async (_what, argv) => {
    const { exitCode, stderr } = await cli(['emit', ...argv]);
    expect(exitCode).toBe(64);
    expect(stderr).toMatch(/^drumline: [^\n]+\n$/);
  });
});

describe('when the server is away', () => {
  test('it says so and how to start one, once it has tried for long enough', async () => {
    const app = await openApp();
    await app.stop();
    const { exitCode, stderr } = await cli(['emit', '--file', SURVEY, '--url', app.url, '--retry-seconds', '0']);
    expect(exitCode).toBe(69);
    expect(stderr).toMatch(/^drumline: Cannot reach [^\n]*drumline serve\n$/);
  });

  test('a batch whose answer was lost is sent again with the same ids: recorded once', async () => {
    await using app = await openApp();
    await using front = await openLossyFront(app.url);
    const { exitCode, stdout, stderr } = await cli(['emit', '--file', '-', '--url', front.url], {
      stdin: [line('a'), line('b')].join('\n'),
    });
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '0 events recorded, 2 already known\n' });
    expect(stderr).toMatch(/Trying again/);
    expect(await messages(app.url)).toEqual(['a', 'b']);
  });
});

/** Passes the first request on and loses its answer. */
async function openLossyFront(target: string): Promise<AsyncDisposable & { readonly url: string }> {
  let requests = 0;
  const server = createServer((incoming, outgoing) => {
    requests += 1;
    const isFirst = requests === 1;
    void (async () => {
      const body = Buffer.concat(await incoming.toArray());
      const answer = await fetch(target, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
      const text = await answer.text();
      if (isFirst) outgoing.destroy();
      else outgoing.writeHead(answer.status).end(text);
    })();
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
