/** `drumline watch` against a real server: what it shows, what it survives, how it ends. */
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { TaskUpdate } from '../../src/client/index.ts';
import { openScriptedServer } from '../client/scripted-server.ts';
import { ended, recorded, snapshot } from '../client/updates.ts';
import { openTempDir } from '../support/temp-dir.ts';
import { completed, event, openApp } from './app.ts';
import { cli, says, startCli } from './host.ts';
import { showOnTerminal } from './terminal.ts';

const FAILED_SURVEY = fileURLToPath(new URL('../fixtures/code-survey-failed.jsonl', import.meta.url));
const SURVEY = fileURLToPath(new URL('../fixtures/code-survey.jsonl', import.meta.url));

function updatesOf(text: string): TaskUpdate[] {
  return text
    .trimEnd()
    .split('\n')
    .map((json) => JSON.parse(json) as TaskUpdate);
}

function sequencesOf(text: string): number[] {
  return updatesOf(text).flatMap((update) =>
    update.__typename === 'TaskEventRecorded' ? [update.event.sequence] : [],
  );
}

describe('the exit code is the outcome', () => {
  test('0 when the task completed', async () => {
    await using app = await openApp();
    await app.emit(event('t'), completed('t'));
    const { exitCode, stdout } = await cli(['watch', 't', '--url', app.url]);
    expect(exitCode).toBe(0);
    expect(stdout.trimEnd().split('\n').at(-1)).toMatch(/^✓ t completed after/);
  });

  test('1 when it failed, with what failed first', async () => {
    await using app = await openApp();
    await cli(['emit', '--file', FAILED_SURVEY, '--url', app.url]);
    const { exitCode, stdout } = await cli(['watch', 'code-survey-failed', '--replay', '--url', app.url]);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/✗ code-survey-failed failed after [^\n]*\n {2}first failure: [^\n]*\n$/);
  });

  test('130 when it was interrupted', async () => {
    await using app = await openApp();
    await app.emit(event('t'));
    const watching = startCli(['watch', 't', '--url', app.url]);
    await says(watching.stdout, 't  1 component,');
    watching.interrupt();
    expect((await watching.done).exitCode).toBe(130);
  });

  test('69 when no server is there, with how to start one, in one line', async () => {
    const app = await openApp();
    await app.stop();
    const { exitCode, stderr } = await cli(['watch', 't', '--url', app.url, '--retry-seconds', '0']);
    expect(exitCode).toBe(69);
    expect(stderr).toMatch(/^drumline: [^\n]*drumline serve\n$/);
  });

  test('64 for a task id or a cursor that can be none', async () => {
    await using app = await openApp();
    expect((await cli(['watch', 'no spaces', '--url', app.url])).exitCode).toBe(64);
    expect((await cli(['watch', 't', '--after', 'nonsense', '--url', app.url])).exitCode).toBe(64);
    expect((await cli(['watch'])).exitCode).toBe(64);
    expect((await cli(['watch', 't', '--url', 'ftp://x'])).exitCode).toBe(64);
  });

  test('69 when it cannot go on from the cursor, for the task is gone', async () => {
    await using server = await openScriptedServer((asked) => asked.error('TASK_NOT_FOUND'));
    const { exitCode, stderr } = await cli(['watch', 't', '--after', 'c1', '--url', server.url]);
    expect(exitCode).toBe(69);
    expect(stderr).toMatch(/^drumline: [^\n]*\n$/);
  });

  test('69 when the task is deleted meanwhile', async () => {
    await using server = await openScriptedServer((asked) => asked.error('TASK_DELETED'));
    const { exitCode, stderr } = await cli(['watch', 't', '--url', server.url]);
    expect([exitCode, stderr]).toEqual([69, 'drumline: Task t was deleted.\n']);
  });
});

describe('--json', () => {
  test('prints every update, and a cursor from it goes on right after it', async () => {
    await using app = await openApp();
    await cli(['emit', '--file', SURVEY, '--url', app.url]);
    const whole = await cli(['watch', 'code-survey-1', '--json', '--replay', '--url', app.url]);
    expect(sequencesOf(whole.stdout)).toEqual(Array.from({ length: 593 }, (_, index) => index + 1));
    expect(updatesOf(whole.stdout).at(-1)).toMatchObject({
      __typename: 'TaskEnded',
      progress: { status: 'COMPLETED' },
    });
    const cursor = updatesOf(whole.stdout)[499]?.cursor ?? '';
    const rest = await cli(['watch', 'code-survey-1', '--json', '--after', cursor, '--url', app.url]);
    expect(sequencesOf(rest.stdout)).toEqual(Array.from({ length: 93 }, (_, index) => index + 501));
  });

  test('lets no control character of an event reach a terminal, and loses none', async () => {
    await using app = await openApp();
    const details = { all: String.fromCharCode(...Array.from({ length: 0xa1 }, (_, code) => code)) };
    await app.emit(event('t', { message: 'red \u009b31m', details }), completed('t'));
    const terminal = { columns: 100, rows: 30 };
    const { stdout } = await cli(['watch', 't', '--json', '--replay', '--url', app.url], { terminal });
    expect(stdout).not.toMatch(/[^\n\P{Cc}]/u);
    expect(updatesOf(stdout)[0]).toMatchObject({ event: { message: 'red \u009b31m', details } });
  });

  test('without --replay begins with the state as it is', async () => {
    await using app = await openApp();
    await app.emit(event('t', { component: 'a' }), event('t', { component: 'b' }), completed('t'));
    const [first] = updatesOf((await cli(['watch', 't', '--json', '--url', app.url])).stdout);
    expect(first).toMatchObject({ __typename: 'TaskSnapshot', progress: { sequence: 3, status: 'COMPLETED' } });
  });
});

test('a title that cannot be had, for a proxy lets only the WebSocket through, ends nothing', async () => {
  const rejections: unknown[] = [];
  const onRejection = (reason: unknown): void => void rejections.push(reason);
  process.on('unhandledRejection', onRejection);
  const answered = Promise.withResolvers<void>();
  await using server = await openScriptedServer(
    (asked) => {
      asked.next({ taskUpdates: snapshot(1) });
      void answered.promise.then(() => asked.next({ taskUpdates: recorded(2) }));
      void says(watching.stdout, 'event 2').then(() => asked.next({ taskUpdates: ended(2) }));
    },
    { answer: { status: 403, body: 'no' }, onAnswered: answered.resolve },
  );
  const watching = startCli(['watch', 't', '--url', server.url]);
  expect(await watching.done).toMatchObject({ exitCode: 0, stderr: '' });
  process.off('unhandledRejection', onRejection);
  expect(rejections).toEqual([]);
});

test('a task that is not known yet is waited for, and that is said', async () => {
  await using app = await openApp();
  const watching = startCli(['watch', 't', '--url', app.url]);
  await says(watching.stderr, 'waiting for task t');
  await app.emit(event('t'), completed('t'));
  expect(await watching.done).toMatchObject({ exitCode: 0, stderr: 'drumline: waiting for task t.\n' });
});

test('a restart of the server costs no event, and is said', async () => {
  await using directory = await openTempDir();
  const first = await openApp({ store: directory.sqliteStore });
  const port = String(first.port);
  await first.emit(event('t'), event('t'));
  const watching = startCli(['watch', 't', '--json', '--replay', '--url', first.url]);
  await says(watching.stdout, '"sequence":2');
  await first.stop();
  await says(watching.stderr, 'Trying again');
  await using second = await openApp({ store: directory.sqliteStore, port });
  await second.emit(event('t'), completed('t'));
  const { exitCode, stdout, stderr } = await watching.done;
  expect(exitCode).toBe(0);
  expect(sequencesOf(stdout)).toEqual([1, 2, 3, 4]);
  expect(stderr).toContain('connected again');
});

test('on a terminal there is one line for each component, and the outcome stays', async () => {
  await using app = await openApp();
  const terminal = { columns: 100, rows: 30 };
  const watching = startCli(['watch', 't', '--url', app.url], { terminal, env: { TERM: 'xterm', NO_COLOR: '1' } });
  await says(watching.stdout, 'no such task yet');
  await app.emit(event('t', { component: 'gather_drummer', message: 'Listing files', progress: 0.25 }));
  await says(watching.stdout, 'Listing files');
  await app.emit(event('t', { component: 'measure_belter', eventType: 'WARNING', message: 'slow disk' }));
  await app.emit(completed('t'));
  const { exitCode, stdout } = await watching.done;
  expect(exitCode).toBe(0);
  const seen = showOnTerminal(stdout);
  expect(seen[0]).toMatch(/! measure_belter {2}slow disk$/);
  expect(seen.slice(1, -1).map((text) => text.slice(0, 22).trimEnd())).toEqual([
    '✓ t                ━━━',
    '  ▸ gather_drummer ━━━',
    '  ! measure_belter ───',
    '  ✓ camina         ━━━',
    expect.stringMatching(/^✓ t completed after/),
  ]);
});

test.each([
  ['dumb', { TERM: 'dumb' }],
  ['a pipe', undefined],
])('%s gets plain lines without a control character', async (_what, env) => {
  await using app = await openApp();
  await app.emit(event('t', { message: 'tab\there \u001b[31m' }), completed('t'));
  const terminal = { columns: 100, rows: 30 };
  const options = env === undefined ? {} : { terminal, env };
  const { stdout } = await cli(['watch', 't', '--replay', '--url', app.url], options);
  expect(stdout).toMatch(/tab\\there \\x1b\[31m\n/);
  expect(stdout).not.toMatch(/[^\n\P{Cc}]/u);
});
