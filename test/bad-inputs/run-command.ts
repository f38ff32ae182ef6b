/** Starts `drumline serve` with a row's settings, in this process or as one of its own, and says how it ended. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { TestApp } from '../support/app.ts';
import { cli } from '../cli/host.ts';
import type { Outcome } from './row.ts';
import { CANARIES, type World } from './world.ts';

export interface CommandSent {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** As users start it: slower, so for one of each kind. */
  readonly isProcess?: boolean;
}

interface Ended {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
/** Where nothing else is said, so that one that is not refused does no harm. */
const OTHERWISE_FINE = ['--store', 'memory:'] as const;

export async function runCommand(sent: CommandSent, _server: TestApp, world: World): Promise<Outcome> {
  const { args, env = {}, isProcess = false } = sent;
  const argv = ['serve', ...OTHERWISE_FINE, ...args.map((arg) => world.fill(arg))];
  const filled = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, world.fill(value)]));
  const { exitCode, stdout, stderr } = await (isProcess ? runProcess(argv, filled) : cli(argv, { env: filled }));
  const key = /--[a-z-]+|DRUMLINE_[A-Z_]+|PORT/.exec(stderr)?.[0] ?? 'nothing';
  const isOneLine = /^drumline: [^\n]+\n$/.test(stderr) && stdout === '';
  return {
    got: `exit ${exitCode}, ${isOneLine ? 'one line' : 'not one line'} that names ${key}`,
    seen: stdout + stderr,
  };
}

function runProcess(argv: readonly string[], env: Readonly<Record<string, string>>): Promise<Ended> {
  const { promise, resolve } = Promise.withResolvers<Ended>();
  const all = { PATH: process.env['PATH'] ?? '', DRUMLINE_CANARY: CANARIES.environment, ...env };
  const child = execFile(process.execPath, [MAIN, ...argv], { env: all, timeout: 20_000 }, (_error, stdout, stderr) => {
    resolve({ exitCode: child.exitCode ?? undefined, stdout, stderr });
  });
  return promise;
}
