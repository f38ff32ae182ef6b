/** Programs that use the Python package from this checkout, run as their users would run them. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { systemProgram } from './system-program.ts';
import { settlesWithin } from './wait-for.ts';

export const python = systemProgram('python3', { debian: 'python3' });

const PACKAGE = join(import.meta.dirname, '../../clients/python');
const PROGRAMS = join(import.meta.dirname, '../fixtures/python');

export interface PythonEnd {
  readonly code: number | null;
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
}

export interface PythonProgram extends AsyncDisposable {
  readonly isOver: boolean;
  /** Its lines so far. */
  readonly stdout: readonly string[];
  readonly ended: Promise<PythonEnd>;
  /** Lets it read a line. */
  go(): void;
}

export interface PythonOptions {
  /** A file of `test/fixtures/python`, or the program itself. */
  readonly program: { readonly file: string } | { readonly text: string };
  readonly args?: readonly string[];
  readonly url: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly withinMs?: number;
}

export function startPython({ program, args = [], url, env = {}, withinMs = 60_000 }: PythonOptions): PythonProgram {
  const what = 'file' in program ? [join(PROGRAMS, program.file)] : ['-c', program.text];
  const stdout: string[] = [];
  const stderr: string[] = [];
  const child = spawn(python.path, [...what, ...args], {
    env: {
      ...process.env,
      DRUMLINE_TOKEN: '',
      DRUMLINE_URL: url,
      PYTHONPATH: PACKAGE,
      PYTHONDONTWRITEBYTECODE: '1',
      PYTHONUNBUFFERED: '1',
      ...env,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  createInterface({ input: child.stdout }).on('line', (line) => stdout.push(line));
  createInterface({ input: child.stderr }).on('line', (line) => stderr.push(line));
  const closed = Promise.withResolvers<number | null>();
  child.once('error', closed.reject);
  child.once('close', closed.resolve);
  const said = (): string => [...stdout, ...stderr].join('\n');
  return {
    get isOver() {
      return child.exitCode !== null || child.signalCode !== null;
    },
    stdout,
    ended: settlesWithin(closed.promise, {
      withinMs,
      what: () => `the end of the Python program; it said:\n${said()}`,
    }).then((code) => ({ code, stdout, stderr })),
    go: () => void child.stdin.write('\n'),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await closed.promise;
    },
  };
}
