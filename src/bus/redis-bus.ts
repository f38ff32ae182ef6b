/**
 * A bus over Redis or Valkey, 6.2 or newer: one channel for an installation, one connection to listen on it and one to
 * speak. Pub/sub keeps nothing and promises nothing, which is all that a bus needs. Where the server has sharded
 * pub/sub (7 and newer) the channel is a sharded one: in a cluster it then lives on one node, and every server finds
 * that node by the redirection it gets from any other.
 *
 * Reconnecting is the link's. node-redis is told not to: its socket timeout is put off by each write, so a server that
 * was stopped is never noticed while we speak to it, and its queue would hold what nobody wants to hear any more.
 */
import type { RedisClientOptions } from '@redis/client';
import { openBridge, type BridgeOptions } from './bridge.ts';
import { BusUnusableError, type EventBus } from './event-bus.ts';
import { BusLinkError, type Connect, type Connection, type ConnectionEvents } from './link.ts';
import { withoutPassword } from './secrets.ts';

export interface RedisBusOptions<Topics extends object> extends BridgeOptions<Topics> {
  /** `redis://` or `rediss://` */
  readonly url: string;
  /** Servers that share it are one installation. */
  readonly channel: string;
}

/** Redis takes far more; what is larger would only hold up the notices behind it. */
const MAX_FRAME_BYTES = 64 * 1024;
const CONNECT_TIMEOUT_MS = 3_000;
/** Commands that may wait in one connection; a flush of the outbox is some fifty at most. */
const MAX_COMMANDS = 1_000;
const MAX_REDIRECTIONS = 5;

/** @throws BusUnusableError: the password is wrong, we may not use the channel, the server is too old. */
export function openRedisBus<Topics extends object>(options: RedisBusOptions<Topics>): Promise<EventBus<Topics>> {
  const explainIt = (error: unknown): Error => explain(error, options.url);
  return openBridge(options, {
    connect: createConnect(options),
    explain: explainIt,
    maxFrameBytes: MAX_FRAME_BYTES,
  });
}

interface Address {
  readonly host: string;
  readonly port: number;
}

function createConnect({ url, channel }: Pick<RedisBusOptions<object>, 'url' | 'channel'>): Connect {
  return async (events) => {
    let address: Address | undefined;
    for (let redirections = 0; ; redirections += 1) {
      try {
        return await connectTo({ url, channel, address }, events);
      } catch (error) {
        address = movedTo(error);
        if (address === undefined || redirections >= MAX_REDIRECTIONS) throw error;
      }
    }
  };
}

interface Target {
  readonly url: string;
  readonly channel: string;
  /** The node of a cluster that the channel lives on, when it is not the one that the URL names. */
  readonly address: Address | undefined;
}

async function connectTo(target: Target, events: ConnectionEvents): Promise<Connection> {
  const { channel } = target;
  const [subscriber, publisher] = await Promise.all([openClient(target), openClient(target)]);
  // Loading took its time: nobody may wait any more.
  events.signal.throwIfAborted();
  const clients = [subscriber, publisher];
  let isClosed = false;
  const close = (): void => {
    isClosed = true;
    for (const client of clients) client.destroy();
  };
  const connect = async (client: typeof subscriber): Promise<void> => {
    await client.connect();
    // One that is destroyed while its socket connects opens it all the same, and has to be destroyed again.
    if (isClosed) client.destroy();
  };
  for (const client of clients) {
    client.on('error', events.onLost);
    // A cluster moved the channel to another node.
    client.on('sharded-channel-moved', () => events.onLost(new BusLinkError('The channel moved to another node.')));
  }
  events.signal.addEventListener('abort', close, { once: true });
  try {
    await Promise.all(clients.map(connect));
    const { version } = await publisher.hello();
    const isSharded = checkVersion(version) >= 7;
    const onMessage = (text: string): void => events.onText(text);
    await (isSharded ? subscriber.sSubscribe(channel, onMessage) : subscriber.subscribe(channel, onMessage));
    return {
      send: (frames) =>
        Promise.all(
          frames.map((frame) => (isSharded ? publisher.sPublish(channel, frame) : publisher.publish(channel, frame))),
        ),
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

async function openClient({ url, address }: Target) {
  // Loaded when it is needed: most servers have no Redis.
  const { createClient } = await import('@redis/client');
  const options = {
    url,
    socket: { connectTimeout: CONNECT_TIMEOUT_MS, reconnectStrategy: false },
    disableOfflineQueue: true,
    commandsQueueMaxLength: MAX_COMMANDS,
    maintNotifications: 'disabled',
    disableClientInfo: true,
  } satisfies RedisClientOptions;
  if (address === undefined) return createClient(options);
  const at = new URL(url);
  at.host = `${address.host}:${address.port}`;
  return createClient({ ...options, url: at.href });
}

/** @returns the major version. */
function checkVersion(version: string): number {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > 6 || (major === 6 && minor >= 2)) return major;
  throw new BusUnusableError(`Redis ${version} is too old; 6.2 or newer is needed.`);
}

/** `MOVED 3999 127.0.0.1:6381` */
function movedTo(error: unknown): Address | undefined {
  const match = /^MOVED \d+ (.+):(\d+)$/.exec(error instanceof Error ? error.message : '');
  if (match === null) return undefined;
  const [, host = '', port = ''] = match;
  return { host: host.includes(':') ? `[${host}]` : host, port: Number(port) };
}

const NOT_ALLOWED = /^(?:WRONGPASS|NOAUTH|NOPERM|ERR AUTH|ERR Client sent AUTH)/;

/** An error in words for an operator, without the password. The original is not kept: it may hold what was sent. */
function explain(error: unknown, url: string): Error {
  if (error instanceof BusUnusableError || error instanceof BusLinkError) return error;
  const message = withoutPassword(error instanceof Error ? error.message : String(error), url);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  // Redis before 6 does not know the first command of a connection, and repeats it with all that it holds.
  if (message.startsWith('ERR unknown command')) {
    return new BusUnusableError('Redis is too old; 6.2 or newer is needed.');
  }
  if (NOT_ALLOWED.test(message)) return new BusUnusableError(`Redis refuses us: ${message}`);
  // A host that is not known is no wrong setting: the names of Docker and of Kubernetes are those of what runs.
  return new BusLinkError(`Redis: ${code === '' ? message : code}`);
}
