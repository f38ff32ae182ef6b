/** The Python package: its own tests, and what its README shows, as it stands there. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli } from '../cli/host.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { runDocumented } from '../support/documented.ts';
import { python, startPython } from '../support/python.ts';
import { readProgress, readTaskLog } from '../support/read-log.ts';
import { openTcpProxy } from '../support/tcp-proxy.ts';
import { openTempDir } from '../support/temp-dir.ts';

const ROOT = join(import.meta.dirname, '../..');
const README = 'clients/python/README.md';

describe.skipIf(!python.present)('the Python package', () => {
  test('passes its own tests, which its README says how to run', async () => {
    await runDocumented(README, 'unittest', { cwd: ROOT, env: { PYTHONDONTWRITEBYTECODE: '1' } });
  });

  test("its README's programs do what it says", async () => {
    await using server = await startApp();
    const readme = await readFile(join(ROOT, README), 'utf8');
    const programs = Array.from(readme.matchAll(/^```python\n([\s\S]*?)^```$/gm), ([, text = '']) => text);
    const said: (readonly string[])[] = [];
    for (const text of programs) {
      await using program = startPython({ program: { text }, url: server.graphqlUrl });
      const { code, stdout, stderr } = await program.ended;
      expect({ code, stderr }).toEqual({ code: 0, stderr: [] });
      said.push(stdout);
    }

    expect(said[0]).toEqual([]);
    const log = await readTaskLog(server.graphqlUrl, 'survey-1');
    expect(log.map(({ component, eventType, message }) => `${component} ${eventType}: ${message}`)).toEqual([
      'camina TASK_STARTED: Survey three districts',
      'search_drummer DRUMMER_STARTED: Looking',
      'search_drummer PROGRESS_UPDATE: Harbour surveyed',
      'search_drummer PROGRESS_UPDATE: Old Town surveyed',
      'search_drummer PROGRESS_UPDATE: Heights surveyed',
      'search_drummer DRUMMER_COMPLETED: Completed',
      'camina TASK_COMPLETED: Completed',
    ]);
    const progress = await readProgress(server.graphqlUrl, 'survey-1');
    expect(progress).toMatchObject({ status: 'COMPLETED', stage: 'COMPLETE', displayProgress: 1 });

    expect(said[1]).toEqual(['camina Go', '0.0']);
    expect(said).toHaveLength(2);
  });

  test('a batch whose answer is lost on the way is sent again and recorded once', async () => {
    await using server = await startApp();
    await using proxy = await openTcpProxy({ target: { port: Number(new URL(server.origin).port) } });
    // One answer is cut off before its first byte, one within.
    proxy.onConnection((connection) => {
      if (connection.id <= 2) connection.cutMidFrame({ moreBytes: connection.id === 1 ? 1 : 60 });
    });
    const events = ['one', 'two', 'three'].map((message) => ({ message }));
    const told = await emitEach({ graphqlUrl: `${proxy.origin}/graphql` }, events);
    expect(told).toEqual({ recorded: 3, duplicates: 3, refused: [] });
    expect(proxy.accepted).toBe(3);
    const log = await readTaskLog(server.graphqlUrl, 't');
    expect(log.map(({ message }) => message)).toEqual(['one', 'two', 'three']);
  });

  test('only the bad events of a batch are refused', async () => {
    await using server = await startApp();
    const events = [
      { message: 'good' },
      { message: 'too much', progress: 1.5 },
      { message: 'no id', task_id: 'not an id' },
      { message: 'first', event_id: 'same' },
      { message: 'second', event_id: 'same' },
      { message: 'x'.repeat(3_000) },
      { message: 'last' },
    ];
    expect(await emitEach(server, events)).toEqual({
      recorded: 3,
      duplicates: 0,
      refused: [
        ['too much', 'BAD_USER_INPUT'],
        ['no id', 'BAD_USER_INPUT'],
        ['x'.repeat(3_000), 'BAD_USER_INPUT'],
        ['second', 'EVENT_ID_CONFLICT'],
      ],
    });
    const log = await readTaskLog(server.graphqlUrl, 't');
    expect(log.map(({ message }) => message)).toEqual(['good', 'first', 'last']);
  });

  test('what a key may not emit is refused, and the rest of the batch is recorded', async () => {
    await using dir = await openTempDir();
    const file = join(dir.path, 'keys.json');
    const key = await addKey(file, 'emit:team/*');
    await using server = await startApp({ settings: { authKeys: file } });
    const events = ['team/a', 'other', 'team/b', 'other'].map((task_id) => ({ message: `of ${task_id}`, task_id }));
    expect(await emitEach(server, events, key)).toEqual({
      recorded: 2,
      duplicates: 0,
      refused: [
        ['of other', 'FORBIDDEN'],
        ['of other', 'FORBIDDEN'],
      ],
    });
    const event = { message: 'of a stranger', task_id: 'team/a' };
    expect(await emitEach(server, [event], 'not-a-key')).toEqual({
      recorded: 0,
      duplicates: 0,
      refused: [['of a stranger', 'UNAUTHENTICATED']],
    });
  });

  test('batches larger than what a task may take in a second are recorded all the same', async () => {
    await using dir = await openTempDir();
    const file = join(dir.path, 'keys.json');
    const key = await addKey(file, 'emit:*');
    await using server = await startApp({ settings: { authKeys: file, maxEmitsPerTask: '20' } });
    const events = Array.from({ length: 40 }, (_, index) => ({ message: `${index}` }));
    expect(await emitEach(server, events, key)).toEqual({ recorded: 40, duplicates: 0, refused: [] });
  });
});

/** As one batch. */
async function emitEach(
  { graphqlUrl }: Pick<TestApp, 'graphqlUrl'>,
  events: readonly Readonly<Record<string, string | number>>[],
  key?: string,
): Promise<unknown> {
  await using program = startPython({
    program: { file: 'emit_each.py' },
    args: [JSON.stringify(events)],
    url: graphqlUrl,
    env: key === undefined ? {} : { DRUMLINE_TOKEN: key },
  });
  const { code, stdout } = await program.ended;
  expect(code).toBe(0);
  return JSON.parse(stdout[0] ?? '');
}

async function addKey(file: string, grant: string): Promise<string> {
  const { stdout } = await cli(['key', 'add', 'agents', '--grant', grant, '--file', file]);
  return stdout.trim();
}
