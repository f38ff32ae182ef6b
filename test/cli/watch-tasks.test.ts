/** `drumline watch` of several tasks against a real server: one connection, one picture, one exit code. */
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { TaskUpdate } from '../../src/client/index.ts';
import { runCli } from '../../src/cli/program.ts';
import { openScriptedServer } from '../client/scripted-server.ts';
import { ended, recorded, snapshot } from '../client/updates.ts';
import { completed, event, openApp } from './app.ts';
import { cli, createOutput, says, startCli } from './host.ts';
import { showOnTerminal } from './terminal.ts';

const FAILED_SURVEY = fileURLToPath(new URL('../fixtures/code-survey-failed.jsonl', import.meta.url));
const SURVEY = fileURLToPath(new URL('../fixtures/code-survey.jsonl', import.meta.url));

describe('the exit code', () => {
  test('is 0 when all completed, and nobody is watched twice', async () => {
    await using app = await openApp();
    await app.emit(completed('a'), completed('b'));
    const { exitCode, stdout } = await cli(['watch', 'a', 'b', 'a', '--url', app.url]);
    expect(exitCode).toBe(0);
    expect(stdout.match(/^✓ \w completed/gm)?.toSorted()).toEqual(['✓ a completed', '✓ b completed']);
  });

  test('is 1 when one failed, and only when all have ended', async () => {
    await using app = await openApp();
    await cli(['emit', '--file', FAILED_SURVEY, '--url', app.url]);
    const watching = startCli(['watch', 'code-survey-failed', 'code-survey-1', '--url', app.url]);
    await says(watching.stdout, 'failed after');
    await cli(['emit', '--file', SURVEY, '--url', app.url]);
    const { exitCode, stdout } = await watching.done;
    expect(exitCode).toBe(1);
    expect(stdout).toContain('✓ code-survey-1      completed after');
  });

  test('is 130 when it was interrupted before all have ended', async () => {
    await using app = await openApp();
    await app.emit(completed('a'), event('b'));
    const watching = startCli(['watch', 'a', 'b', '--url', app.url]);
    await says(watching.stdout, 'b  1 component');
    watching.interrupt();
    expect((await watching.done).exitCode).toBe(130);
  });

  test('is 64 when one of them can be no task, whatever the others do', async () => {
    await using app = await openApp();
    await app.emit(event('a'));
    expect((await cli(['watch', 'a', 'no spaces', '--url', app.url])).exitCode).toBe(64);
  });

  test('is 69 when one was deleted meanwhile, but the others are watched to their end', async () => {
    await using server = await openScriptedServer((asked) => {
      if (asked.variables['taskId'] === 'a') return asked.error('TASK_DELETED');
      asked.next({ taskUpdates: snapshot(1) });
      asked.next({ taskUpdates: recorded(2) });
      asked.next({ taskUpdates: ended(3) });
    });
    const { exitCode, stdout, stderr } = await cli(['watch', 'a', 'b', '--url', server.url]);
    expect([exitCode, stderr]).toEqual([69, 'drumline: Task a was deleted.\n']);
    expect(stdout).toContain('✓ b completed');
  });
});

describe('that one was deleted is said at once, while the others go on', () => {
  const openServer = () =>
    openScriptedServer((asked) => {
      asked.next({ taskUpdates: snapshot(1) });
      if (asked.variables['taskId'] === 'a') asked.error('TASK_DELETED');
    });

  test('in a pipe by a line', async () => {
    await using server = await openServer();
    const watching = startCli(['watch', 'a', 'b', '--url', server.url]);
    await says(watching.stdout, '✗ a deleted after 1.0 s');
    watching.interrupt();
    expect((await watching.done).exitCode).toBe(130);
  });

  test('as JSON by an object, as the help tells', async () => {
    await using server = await openServer();
    const watching = startCli(['watch', 'build-7', 'a', '--json', '--url', server.url]);
    await says(watching.stdout, '{"__typename":"TaskDeleted","taskId":"a"}\n');
    watching.interrupt();
    expect((await watching.done).exitCode).toBe(130);
    expect((await cli(['watch', '--help'])).stdout).toContain('\n{"__typename":"TaskDeleted","taskId":"build-7"}\n');
  });
});

test('all of them come over one connection', async () => {
  const names = Array.from({ length: 50 }, (_, index) => `t${index}`);
  await using server = await openScriptedServer((asked) => {
    asked.next({ taskUpdates: ended(3) });
  });
  const { exitCode } = await cli(['watch', ...names, '--url', server.url]);
  expect(exitCode).toBe(0);
  expect(server.asked.map(({ variables }) => variables['taskId'])).toEqual(names);
  expect(new Set(server.asked.map(({ connection }) => connection))).toEqual(new Set([1]));
});

test('those that are not known yet are named in one line', async () => {
  await using app = await openApp();
  const watching = startCli(['watch', 'a', 'c', '--url', app.url]);
  await says(watching.stderr, 'waiting for tasks a, c.');
  await app.emit(completed('a'), completed('c'));
  expect(await watching.done).toMatchObject({ exitCode: 0, stderr: 'drumline: waiting for tasks a, c.\n' });
});

test('in a pipe each line names its task', async () => {
  await using app = await openApp();
  await app.emit(
    event('a', { message: 'first' }),
    event('long', { message: 'second' }),
    completed('a'),
    completed('long'),
  );
  const { stdout } = await cli(['watch', 'a', 'long', '--replay', '--url', app.url]);
  expect(stdout).toMatch(/^\S+ +\d+% ▸ a {5}camina {2}progress_update {2}first$/m);
  expect(stdout).toMatch(/^\S+ +\d+% ▸ long {2}camina {2}progress_update {2}second$/m);
  expect(stdout).toMatch(/^✓ a {4}completed after/m);
});

test('as JSON each update names its task', async () => {
  await using app = await openApp();
  await app.emit(event('a'), completed('a'), event('b'), completed('b'));
  const { stdout } = await cli(['watch', 'a', 'b', '--json', '--replay', '--url', app.url]);
  const updates = stdout
    .trimEnd()
    .split('\n')
    .map((json) => JSON.parse(json) as TaskUpdate);
  for (const taskId of ['a', 'b']) {
    const own = updates.filter(({ progress }) => progress.taskId === taskId);
    expect(own.map(({ __typename }) => __typename)).toEqual(['TaskEventRecorded', 'TaskEventRecorded', 'TaskEnded']);
  }
});

test('a reader of our output that is slow is waited for once, not by each task', async () => {
  const names = Array.from({ length: 20 }, (_, index) => `t${index}`);
  await using server = await openScriptedServer((asked) => asked.next({ taskUpdates: ended(3) }));
  const output = createOutput();
  let waiting = 0;
  let mostWaiting = 0;
  const slow = {
    ...output,
    write(text: string) {
      output.write(text);
      return false;
    },
    once(event: 'drain' | 'close', listener: () => void) {
      if (event !== 'drain') return;
      waiting += 1;
      mostWaiting = Math.max(mostWaiting, waiting);
      setImmediate(() => {
        waiting -= 1;
        listener();
      });
    },
  };
  const argv = ['watch', ...names, '--json', '--url', server.url];
  const { stdin } = process;
  const exitCode = await runCli(argv, {
    stdin,
    stdout: slow,
    stderr: createOutput(),
    env: {},
    onInterrupt: () => () => {},
  });
  expect([exitCode, mostWaiting]).toEqual([0, 1]);
  expect(output.text.trimEnd().split('\n')).toHaveLength(20);
});

test('on a terminal each has its header and its components, and all outcomes stay', async () => {
  await using app = await openApp();
  const terminal = { columns: 100, rows: 30 };
  const watching = startCli(['watch', 'a', 'b', '--url', app.url], { terminal, env: { TERM: 'xterm', NO_COLOR: '1' } });
  await says(watching.stdout, 'no such task yet');
  await app.emit(event('a', { component: 'gather_drummer', message: 'Listing files', progress: 0.25 }));
  await app.emit(event('b', { message: 'Planning' }));
  await says(watching.stdout, 'Planning');
  await app.emit(event('b', { component: 'check_belter', eventType: 'WARNING', message: 'slow disk' }));
  await says(watching.stdout, 'slow disk');
  await says(watching.stdout, 'Listing files');
  await app.emit(completed('a'), completed('b'));
  const { exitCode, stdout } = await watching.done;
  expect(exitCode).toBe(0);
  expect(showOnTerminal(stdout).map((text) => text.replace(/ *[━╸─].*/, ''))).toEqual([
    expect.stringMatching(/ ! b {2}check_belter {2}slow disk$/),
    '✓ a',
    '  ▸ gather_drummer',
    '  ✓ camina',
    '✓ b',
    '  ✓ camina',
    '  ! check_belter',
    expect.stringMatching(/^✓ a completed after/),
    expect.stringMatching(/^✓ b completed after/),
    '',
  ]);
});
