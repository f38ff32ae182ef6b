/**
 * The servers that the rows are sent to, with secrets planted where a careless answer would show them, and everything
 * noted that no row may cause: errors nobody caught, and errors in the log.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createApiKey } from '../../src/auth/api-keys.ts';
import { writeKeyFile } from '../../src/auth/key-file.ts';
import { signToken } from '../../src/auth/tokens.ts';
import type { Logger } from '../../src/server/logger.ts';
import { startApp, type AppOptions, type TestApp } from '../support/app.ts';
import { openTempDir } from '../support/temp-dir.ts';
import { breakLog } from '../server/faults.ts';
import type { ServerName } from './row.ts';
import { badTokens } from './tokens.ts';

/** None of these may be in any answer. */
export const CANARIES = {
  environment: 'canary-environment-5f0c',
  secret: 'canary-secret-that-is-long-enough-to-sign-81d2',
  storePath: 'canary-path-b7aa',
  /** Shorter than a secret may be. */
  password: 'canary-password-77ab',
  thrown: 'canary-thrown-c3e9',
} as const;

export interface World extends AsyncDisposable {
  server(name: ServerName): Promise<TestApp>;
  /** Put in what only the running server knows: `$CURSOR`, `$KEY`, tokens. */
  fill(text: string): string;
  /** What no row may cause, since it was last asked. */
  takeTrouble(): readonly string[];
  /** All lines of the logs. */
  readonly logged: readonly string[];
}

export async function openWorld(): Promise<World> {
  await using stack = new AsyncDisposableStack();
  const directory = stack.use(await openTempDir());
  process.env['DRUMLINE_CANARY'] = CANARIES.environment;
  stack.defer(() => void delete process.env['DRUMLINE_CANARY']);
  const trouble: string[] = [];
  const logged: string[] = [];
  listenForUncaught(stack, trouble);

  const admin = createApiKey('admin', ['admin:*'], new Date());
  const reader = createApiKey('reader', ['read:*', 'emit:mine'], new Date());
  const file = path.join(directory.path, 'keys.json');
  await writeKeyFile(file, { keys: [admin.kept, reader.kept], revoked: [] });
  const notes = path.join(directory.path, 'notes.txt');
  await writeFile(notes, `the password is ${CANARIES.password}\n`.repeat(100));
  const dashboard = path.join(directory.path, 'dashboard');
  await mkdir(path.join(dashboard, 'assets'), { recursive: true });
  await writeFile(path.join(dashboard, 'assets', 'index-A1.js'), '// the dashboard');
  const options = serverOptions({ directory: directory.path, keys: file, logger: createLogger(trouble, logged) });
  const names = new Map<string, string>([
    ['$KEY', admin.key],
    ['$READER', reader.key],
    ['$PASSWORD', CANARIES.password],
    ['$DIRECTORY', directory.path],
    ['$NOTES', notes],
    ['$HELD', path.join(directory.path, 'held.db')],
    ...(await badTokens(CANARIES.secret)),
    ['$TOKEN', (await signToken(RULES, { grants: ['read:*'], expiresInSeconds: 600, givenBy: [] }, Date.now())).token],
  ]);

  const servers = new Map<ServerName, Promise<TestApp>>();
  async function start(name: ServerName): Promise<TestApp> {
    const server = resources.use(await startApp(options[name]));
    if (name === 'open') {
      names.set('$PORT', new URL(server.origin).port);
      names.set('$CURSOR', await server.emit({ eventId: 'taken' }));
      await server.emit({ eventId: 'second' });
      names.set('$OTHER', await server.emit({ taskId: 'other' }));
      await server.emit({ taskId: 'over', eventType: 'TASK_COMPLETED', stage: 'COMPLETE' });
      names.set('$END', await server.emit({ taskId: 'done', eventType: 'TASK_COMPLETED', stage: 'COMPLETE' }));
    }
    if (name === 'broken') {
      await server.emit();
      const fail = (): never => {
        throw new Error(CANARIES.thrown);
      };
      breakLog(server, { read: fail });
    }
    return server;
  }

  const resources = stack.move();
  return {
    server(name) {
      const known = servers.get(name) ?? start(name);
      servers.set(name, known);
      return known;
    },
    fill: (text) => text.replaceAll(/\$[A-Z_]{3,}/g, (name) => names.get(name) ?? name),
    takeTrouble: () => trouble.splice(0),
    logged,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

const RULES = { secret: CANARIES.secret, audience: 'drumline' };

interface Places {
  readonly directory: string;
  readonly keys: string;
  readonly logger: Logger;
}

function serverOptions({ directory, keys, logger }: Places): Readonly<Record<ServerName, AppOptions>> {
  const store = (name: string): string => `sqlite:${path.join(directory, `${CANARIES.storePath}-${name}.db`)}`;
  const asked = { authKeys: keys, authSecret: CANARIES.secret };
  const few = { maxRequestsPerSecond: '20', maxOperationsPerSocket: '2' };
  return {
    open: { store: store('open'), logger, dashboardDirectory: path.join(directory, 'dashboard') },
    guarded: { store: store('guarded'), logger, settings: asked },
    strict: { store: store('strict'), logger, settings: { production: 'true' } },
    narrow: { logger, settings: { ...asked, ...few, maxStreamsPerViewer: '1', maxSocketsPerViewer: '1' } },
    crowded: { logger, settings: { ...asked, maxConnectionsPerAddress: '2', tokenInUrl: 'true' } },
    hanging: { authenticate: () => new Promise(() => undefined), authTimeoutMs: 100 },
    // What it logs is not looked at: its errors are wanted.
    broken: {},
    // The path may be named: to the operator, who chose it.
    slow: { store: `sqlite:${path.join(directory, 'held.db')}`, logger },
  };
}

function createLogger(trouble: string[], logged: string[]): Logger {
  const note =
    (level: string) =>
    (facts: object, message: string): void => {
      const { err } = facts as { readonly err?: Error };
      const line = `${level}: ${message} ${JSON.stringify(facts)} ${err?.stack ?? ''}`;
      logged.push(line);
      if (level === 'error') trouble.push(line);
    };
  return { error: note('error'), warn: note('warn'), info: note('info'), debug: note('debug') };
}

function listenForUncaught(stack: AsyncDisposableStack, trouble: string[]): void {
  const note = (error: unknown): void => void trouble.push(`nobody caught ${String(error)}`);
  for (const event of ['uncaughtExceptionMonitor', 'unhandledRejection'] as const) {
    process.on(event, note);
    stack.defer(() => void process.off(event, note));
  }
}
