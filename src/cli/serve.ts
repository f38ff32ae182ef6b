/**
 * `drumline serve`: the process around the server. It says one line when it is ready, drains on the first signal
 * and leaves at once on the second; what keeps it from starting is one line, too.
 */
import closeWithGrace from 'close-with-grace';
import { destination, pino, type Logger } from 'pino';
import type { App } from '../app.ts';
import { ConfigError, parseConfig, type Config } from '../config.ts';
import { DrumlineError } from '../domain/errors.ts';
import { CliError, EXIT } from './exit.ts';
import { writeLine, type CliIo } from './io.ts';
import { createLogFilter } from './log-line.ts';

/** How long a drain may run over before the process is ended anyway. */
const DRAIN_MARGIN_MS = 1_500;
/** After a fault of our own nothing is worth waiting for long. */
const CRASH_DRAIN_MS = 3_000;
const MAX_LOG_BACKLOG_BYTES = 4 * 1024 * 1024;
/** How long the last lines of the log may take. */
const LAST_WORDS_MS = 250;

/** @param flags by setting name. Resolves when the server is ready; from then on signals decide. Throws CliError. */
export async function runServe(
  flags: Readonly<Record<string, string | undefined>>,
  io: Omit<CliIo, 'signal'>,
): Promise<void> {
  const config = readConfig(flags, io.env);
  const { logger, endLog } = createLog(config);
  let app: App | undefined;
  const grace = closeWithGrace({ delay: config.drainMs + DRAIN_MARGIN_MS, logger: false }, async ({ err, signal }) => {
    if (err !== undefined) return crash(err, app, { logger, endLog });
    logger.info({ signal }, 'draining');
    await app?.drain();
    await app?.[Symbol.asyncDispose]();
    logger.info({}, 'stopped');
    await endLog();
  });
  try {
    const { createApp } = await import('../app.ts');
    app = await createApp(config, { logger });
    const { url, metricsUrl } = await app.listen();
    logger.info({ url, metricsUrl, store: config.store.driver }, 'listening');
    await writeLine(io.stdout, `drumline listening on ${url}`);
  } catch (error) {
    grace.uninstall();
    await app?.[Symbol.asyncDispose]();
    throw toCliError(error, config);
  }
}

function readConfig(flags: Readonly<Record<string, string | undefined>>, env: CliIo['env']): Config {
  try {
    return parseConfig({ flags, env });
  } catch (error) {
    if (error instanceof ConfigError) throw new CliError(EXIT.config, error.message, { cause: error });
    throw error;
  }
}

interface Log {
  readonly logger: Logger;
  /** The last thing before the exit. */
  endLog(): Promise<void>;
}

/** JSON lines on standard error. When no one reads them any more they are dropped, rather than hold up the server. */
function createLog(config: Config): Log {
  const filter = createLogFilter(config);
  const output = destination({ dest: 2, sync: false, maxLength: MAX_LOG_BACKLOG_BYTES });
  const logger = pino(
    {
      level: config.logLevel,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      serializers: { err: filter.error },
      hooks: { streamWrite: filter.line },
    },
    output,
  );
  return {
    logger,
    // What is left at the exit is written then, again and again for as long as that fails: for ever, when its reader is
    // gone. So it is written before, where a failure ends it.
    async endLog() {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, LAST_WORDS_MS);
      output.once('close', resolve).once('error', resolve).end();
      await promise;
      clearTimeout(timer);
    },
  };
}

/** An error that nothing caught: what the process holds in memory can no longer be trusted, what is stored can. */
async function crash(error: Error, app: App | undefined, { logger, endLog }: Log): Promise<never> {
  logger.fatal({ err: error }, 'stopping after an unexpected error');
  const leaving = setTimeout(() => process.exit(EXIT.internal), CRASH_DRAIN_MS);
  try {
    await app?.drain();
    await app?.[Symbol.asyncDispose]();
    await endLog();
  } finally {
    clearTimeout(leaving);
    process.exit(EXIT.internal);
  }
}

/** Codes of the operating system that a setting is to blame for. */
const HOST_ERRORS: ReadonlySet<unknown> = new Set(['EADDRNOTAVAIL', 'ENOTFOUND', 'EAI_AGAIN', 'EINVAL']);
const STORE_ERRORS: ReadonlySet<unknown> = new Set([
  'ENOENT',
  'EACCES',
  'EPERM',
  'EISDIR',
  'ENOTDIR',
  'EROFS',
  'ENOSPC',
]);

function toCliError(error: unknown, config: Config): unknown {
  if (!(error instanceof Error)) return error;
  if (error instanceof ConfigError) return new CliError(EXIT.config, error.message, { cause: error });
  const code = 'code' in error ? error.code : undefined;
  const options = { cause: error };
  if (code === 'EADDRINUSE')
    return new CliError(EXIT.config, `--port ${config.port} is in use by another program`, options);
  if ('syscall' in error && error.syscall === 'listen' && code === 'EACCES') {
    return new CliError(EXIT.config, `--port ${config.port} may not be used by this user`, options);
  }
  if (HOST_ERRORS.has(code))
    return new CliError(EXIT.config, `--host ${config.host} cannot be used (${String(code)})`, options);
  if (code === 'KEY_FILE_INVALID') return new CliError(EXIT.config, `--auth-keys: ${error.message}`, options);
  if (code === 'PUBLIC_KEYS_INVALID') return new CliError(EXIT.config, `--auth-public-keys: ${error.message}`, options);
  if (code === 'BUS_UNUSABLE') return new CliError(EXIT.config, `--bus cannot be used: ${error.message}`, options);
  if (error instanceof DrumlineError && error.code === 'STORE_CORRUPT') {
    return new CliError(EXIT.storeCorrupt, `--store: ${error.message}`, options);
  }
  // The log's own class, told by its name: the command line knows no part of the log.
  if (error instanceof DrumlineError || error.name === 'StoreUnusableError' || STORE_ERRORS.has(code)) {
    return new CliError(EXIT.config, `--store cannot be used: ${error.message}`, options);
  }
  return error;
}
