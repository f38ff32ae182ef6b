/** Where the lines of `drumline emit` come from: whatever has a path is sent whole, or the command says that it is not. */
import { execFile, spawn } from 'node:child_process';
import { appendFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { openEventSource } from '../../src/cli/event-source.ts';
import { systemProgram } from '../support/system-program.ts';
import { openTempDir } from '../support/temp-dir.ts';
import { settlesWithin } from '../support/wait-for.ts';
import { openApp } from './app.ts';
import { createOutput, startCli } from './host.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const bash = systemProgram('bash', { debian: 'bash' });
const mkfifo = systemProgram('mkfifo', { debian: 'coreutils' });

function line(message: string): string {
  return JSON.stringify({
    taskId: 't',
    eventType: 'PROGRESS_UPDATE',
    component: 'camina',
    stage: 'ANALYSIS',
    message,
  });
}

/** As a user's shell runs it. */
async function shell(script: string, args: readonly string[]) {
  const child = spawn(bash.path, ['-c', script, 'bash', process.execPath, MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  const done = Promise.all([closed, text(child.stdout), text(child.stderr)]);
  try {
    const [code, stdout, stderr] = await settlesWithin(done, { withinMs: 20_000, what: script });
    return { code, stdout, stderr };
  } catch (error) {
    // The whole group: what the shell started would outlive it.
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    throw error;
  }
}

describe.skipIf(!bash.present)('what can be read only once is sent whole', () => {
  test.each([
    ['process substitution', '"$1" "$2" emit --url "$3" --file <(cat "$4")'],
    ['/dev/stdin behind a pipe', 'cat "$4" | "$1" "$2" emit --url "$3" --file /dev/stdin'],
    ['/dev/stdin from a file', '"$1" "$2" emit --url "$3" --file /dev/stdin < "$4"'],
    ['a named pipe', 'mkfifo "$4.pipe"; cat "$4" > "$4.pipe" & "$1" "$2" emit --url "$3" --file "$4.pipe"'],
    [
      'an empty process substitution',
      '"$1" "$2" emit --url "$3" --file <(true); exec "$1" "$2" emit --url "$3" -f "$4"',
    ],
  ])('%s', async (_what, script) => {
    await using app = await openApp();
    await using directory = await openTempDir();
    const file = path.join(directory.path, 'run.jsonl');
    await writeFile(file, `${line('a')}\n${line('b')}\n`);
    const { code, stdout, stderr } = await shell(script, [app.url, file]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('2 events recorded, 0 already known');
  });
});

describe.skipIf(!mkfifo.present)('a named pipe that nobody writes to', () => {
  test('ends on one interrupt, with 130', async () => {
    await using directory = await openTempDir();
    const pipe = path.join(directory.path, 'pipe');
    await promisify(execFile)(mkfifo.path, [pipe]);
    const running = startCli(['emit', '--file', pipe]);
    // The command is loaded when called: let it come as far as the pipe.
    await import('../../src/cli/emit.ts');
    await new Promise((resolve) => setImmediate(resolve));
    running.interrupt();
    const { exitCode, stdout } = await settlesWithin(running.done, { withinMs: 5_000, what: 'the end' });
    expect({ exitCode, stdout }).toEqual({ exitCode: 130, stdout: '0 events recorded, 0 already known\n' });
  });

  test.skipIf(!bash.present)('lets the process end on one SIGTERM', async () => {
    await using directory = await openTempDir();
    const pipe = path.join(directory.path, 'pipe');
    await promisify(execFile)(mkfifo.path, [pipe]);
    // The process holds the pipe open once it waits for lines; only then is it told to end.
    const script = `"$1" "$2" emit --file "$3" & pid=$!
      until [ -n "$(find /proc/$pid/fd -lname "$3" 2>/dev/null)" ] || ! kill -0 $pid; do sleep 0.05; done
      kill -TERM $pid; wait $pid`;
    expect(await shell(script, [pipe])).toMatchObject({ code: 130, stdout: '0 events recorded, 0 already known\n' });
  });
});

describe('a file that changes after it was checked is bad input', () => {
  const io = () => ({
    stdin: Readable.from([]),
    stdout: createOutput(),
    stderr: createOutput(),
    env: {},
    signal: new AbortController().signal,
  });

  test.each([
    ['a line more: that line is not sent', ['a', 'b'], (file: string) => appendFile(file, line('c'))],
    ['a line less', ['a'], (file: string) => writeFile(file, `${line('a')}\n`)],
    ['nothing left', [], (file: string) => writeFile(file, '')],
    ['another line', ['a', 'x'], (file: string) => writeFile(file, `${line('a')}\n${line('x')}\n`)],
  ])('%s', async (_what, sent, change) => {
    await using directory = await openTempDir();
    const file = path.join(directory.path, 'run.jsonl');
    await writeFile(file, `${line('a')}\n${line('b')}\n`);
    const source = await openEventSource({ file }, io());
    await change(file);
    const messages: string[] = [];
    const reading = (async () => {
      for await (const { input } of source.events) messages.push(input.message);
    })();
    await expect(reading).rejects.toMatchObject({ name: 'CliError', exitCode: 65 });
    expect({ messages, total: source.total }).toEqual({ messages: sent, total: 2 });
  });
});
