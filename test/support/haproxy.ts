/**
 * The balancer that `deploy/haproxy.cfg` configures: Debian's HAProxy, with the file as it stands there but for the
 * addresses, and the timeouts where a test cannot wait for them.
 */
import { execFile, spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from './free-port.ts';
import { systemProgram } from './system-program.ts';
import { openTempDir } from './temp-dir.ts';
import { waitFor } from './wait-for.ts';

/** It stands where only root looks for programs. */
export const haproxy = systemProgram('haproxy', { debian: 'haproxy', aliases: ['../sbin/haproxy'] });

const CONFIG = join(import.meta.dirname, '../../deploy/haproxy.cfg');

export interface Balancer extends AsyncDisposable {
  /** `http://127.0.0.1:<port>` */
  readonly origin: string;
  readonly graphqlUrl: string;
}

export interface BalancerOptions {
  /** In the places of `drumline-1` and `drumline-2`. */
  readonly ports: readonly [number, number];
  /** In the place of each that a silent stream is cut by. */
  readonly silenceMs: number;
}

/** HAProxy's own check of the file as it is. @returns what it says. */
export async function checkConfig(): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(haproxy.path, ['-c', '-f', CONFIG]);
  return stdout + stderr;
}

export async function startBalancer({ ports, silenceMs }: BalancerOptions): Promise<Balancer> {
  await using opening = new AsyncDisposableStack();
  const dir = opening.use(await openTempDir());
  const port = await freePort();
  const config = replaceEach(await readFile(CONFIG, 'utf8'), [
    [/bind :4000/g, `bind 127.0.0.1:${port}`],
    [/ drumline-1:4000/g, ` 127.0.0.1:${ports[0]}`],
    [/ drumline-2:4000/g, ` 127.0.0.1:${ports[1]}`],
    [/timeout (client|server|tunnel) 60s/g, `timeout $1 ${silenceMs}ms`],
  ]);
  const file = join(dir.path, 'haproxy.cfg');
  await writeFile(file, config);
  const child = spawn(haproxy.path, ['-db', '-f', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const exited = Promise.withResolvers<void>();
  child.once('close', () => exited.resolve());
  opening.defer(async () => {
    child.kill('SIGKILL');
    await exited.promise;
  });
  const origin = `http://127.0.0.1:${port}`;
  const isReady = async (): Promise<boolean> => {
    if (child.exitCode !== null) throw new Error(`haproxy ended:\n${said}`);
    return fetch(`${origin}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
  };
  await waitFor(isReady, { withinMs: 10_000, what: () => `the balancer:\n${said}`, pollMs: 20 });
  const stack = opening.move();
  return { origin, graphqlUrl: `${origin}/graphql`, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** Each must be there, or the test would not be about the file. */
function replaceEach(text: string, replacements: readonly (readonly [RegExp, string])[]): string {
  return replacements.reduce((sum, [pattern, replacement]) => {
    if (sum.search(pattern) === -1) throw new Error(`${pattern} is not in deploy/haproxy.cfg`);
    return sum.replace(pattern, replacement);
  }, text);
}
