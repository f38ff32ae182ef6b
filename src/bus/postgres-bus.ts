/**
 * A bus over the Postgres that keeps the events, so that several servers need nothing else: LISTEN on one connection,
 * NOTIFY on another, both apart from those of the log. A notice is sent after the commit that it is about: inside that
 * transaction it would take a lock on the whole database, and be late by nothing but luck.
 *
 * Behind a pooler that hands a session to others LISTEN succeeds and hears nothing. The link notices, for it counts as
 * up only when its own echo came back.
 */
import type { Client } from 'pg';
import { openBridge, type BridgeOptions } from './bridge.ts';
import { BusUnusableError, type EventBus } from './event-bus.ts';
import { BusLinkError, type Connect } from './link.ts';
import { withoutPassword } from './secrets.ts';

export interface PostgresBusOptions<Topics extends object> extends BridgeOptions<Topics> {
  /** `postgres://` or `postgresql://` */
  readonly url: string;
  /** Servers that share it, in one database, are one installation. */
  readonly channel: string;
}

/** Postgres refuses a payload of 8,000 bytes. */
const MAX_FRAME_BYTES = 7_900;
const CONNECT_TIMEOUT_MS = 3_000;
const KEEP_ALIVE_MS = 5_000;
/** Each echo is a transaction of the database, so they are rare: a silent break shows within twice this. */
const ECHO_MS = 4_000;

/** All frames of a flush in one transaction. */
const NOTIFY = 'SELECT pg_notify($1, frame) FROM unnest($2::text[]) AS frame';

/** @throws BusUnusableError: the database is not known, or the password is wrong. */
export function openPostgresBus<Topics extends object>(options: PostgresBusOptions<Topics>): Promise<EventBus<Topics>> {
  const withTiming = { ...options, timing: { echoMs: ECHO_MS, ...options.timing } };
  const explainIt = (error: unknown): Error => explain(error, options.url);
  return openBridge(withTiming, {
    connect: createConnect(options),
    explain: explainIt,
    maxFrameBytes: MAX_FRAME_BYTES,
  });
}

function createConnect({ url, channel }: Pick<PostgresBusOptions<object>, 'url' | 'channel'>): Connect {
  return async ({ onText, onLost, signal }) => {
    const clients: Client[] = [];
    // Not `end`: it waits for a server that may never answer.
    const close = (): void => {
      for (const client of clients) client.connection.stream.destroy();
    };
    try {
      const [listener, notifier] = [await createClient(url), await createClient(url)];
      // Loading took its time: nobody may wait any more.
      signal.throwIfAborted();
      clients.push(listener, notifier);
      for (const client of clients)
        client.on('error', onLost).on('end', () => onLost(new BusLinkError('Postgres hung up.')));
      listener.on('notification', (notice) => onText(notice.payload ?? ''));
      signal.addEventListener('abort', close, { once: true });
      await Promise.all(clients.map((client) => client.connect()));
      // A notice needs no disk: what it is about is there already, and a lost one costs little.
      await notifier.query('SET synchronous_commit = off');
      await listener.query(`LISTEN ${listener.escapeIdentifier(channel)}`);
      return { send: (frames) => notifier.query(NOTIFY, [channel, frames]), close };
    } catch (error) {
      close();
      throw error;
    }
  };
}

async function createClient(connectionString: string): Promise<Client> {
  // Loaded when it is needed: most servers have no Postgres.
  const pg = await import('pg');
  return new pg.Client({
    connectionString,
    application_name: 'drumline bus',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
  });
}

/**
 * Wrong password, not allowed, no such database. Not a host that is not known: the names of Docker and of Kubernetes are
 * those of what runs, and a bus that is away keeps no server from starting.
 */
const SETTING_TO_BLAME: ReadonlySet<string> = new Set(['28P01', '28000', '3D000']);

/** An error in words for an operator, without the password. The original is not kept: it may hold what was sent. */
function explain(error: unknown, url: string): Error {
  if (error instanceof BusUnusableError || error instanceof BusLinkError) return error;
  const message = withoutPassword(error instanceof Error ? error.message : String(error), url);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const text = `Postgres: ${[message, code && `(${code})`].filter(Boolean).join(' ')}`;
  return SETTING_TO_BLAME.has(code) ? new BusUnusableError(text) : new BusLinkError(text);
}
