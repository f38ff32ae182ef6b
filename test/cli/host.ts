/** The process that a command runs in, held by the test: what it reads, writes, and when it is interrupted. */
import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import { runCli } from '../../src/cli/program.ts';
import type { Output } from '../../src/cli/io.ts';
import { waitFor } from '../support/wait-for.ts';

export interface TestOutput extends Output {
  readonly text: string;
  resize(columns: number, rows: number): void;
}

export interface HostOptions {
  readonly stdin?: string | Readable;
  readonly env?: Readonly<Record<string, string>>;
  /** Standard output is a terminal of this size. */
  readonly terminal?: { readonly columns: number; readonly rows: number };
}

export interface CliRun {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningCli {
  readonly stdout: TestOutput;
  readonly stderr: TestOutput;
  readonly done: Promise<CliRun>;
  interrupt(): void;
}

export function createOutput(size?: { readonly columns: number; readonly rows: number }): TestOutput {
  const emitter = new EventEmitter();
  let text = '';
  let current = size;
  return {
    write(chunk) {
      text += chunk;
      return true;
    },
    once: (event, listener) => emitter.once(event, listener),
    on: (event, listener) => emitter.on(event, listener),
    off: (event, listener) => emitter.off(event, listener),
    get text() {
      return text;
    },
    get isTTY() {
      return current !== undefined;
    },
    get columns() {
      return current?.columns ?? 80;
    },
    get rows() {
      return current?.rows ?? 24;
    },
    resize(columns, rows) {
      current = { columns, rows };
      emitter.emit('resize');
    },
  };
}

export function startCli(argv: readonly string[], options: HostOptions = {}): RunningCli {
  const { stdin = '', env = {}, terminal } = options;
  const stdout = createOutput(terminal);
  const stderr = createOutput();
  const interrupts = new Set<() => void>();
  const running = runCli(argv, {
    stdin: typeof stdin === 'string' ? Readable.from([Buffer.from(stdin)]) : stdin,
    stdout,
    stderr,
    env,
    onInterrupt(listener) {
      interrupts.add(listener);
      return () => void interrupts.delete(listener);
    },
  });
  return {
    stdout,
    stderr,
    done: running.then((exitCode) => ({ exitCode, stdout: stdout.text, stderr: stderr.text })),
    interrupt: () => interrupts.forEach((listener) => listener()),
  };
}

export function cli(argv: readonly string[], options?: HostOptions): Promise<CliRun> {
  return startCli(argv, options).done;
}

/** Resolves when that text was written. */
export function says(output: TestOutput, text: string): Promise<unknown> {
  return waitFor(() => output.text.includes(text), { withinMs: 10_000, what: JSON.stringify(text) });
}
