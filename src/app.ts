/**
 * The composition root: settings in, a server out. The only file that names drivers; to see how the parts fit, read
 * it from top to bottom.
 *
 *   emitEvent → schema → event manager → log (durable) → bus ("look again") → followers read the log → sockets
 */
import { openAuth } from './auth/open-auth.ts';
import { createMemoryBus } from './bus/memory-bus.ts';
import type { BusStatus, DrumlineTopics, EventBus } from './bus/event-bus.ts';
import { DRUMLINE_FORMATS } from './bus/notice-format.ts';
import { ConfigError, type BusSetting, type Config, type StoreSetting } from './config.ts';
import { TokenExpiredError, TokenRevokedError, type DrumlineError } from './domain/errors.ts';
import type { Viewer } from './domain/viewer.ts';
import type { EventLog } from './log/event-log.ts';
import { openMemoryLog } from './log/memory-log.ts';
import { openSqliteLog } from './log/sqlite-log.ts';
import type { OnDerivedDamage, StoreReader } from './log/store-reader.ts';
import { withTailCache } from './log/tail-cache.ts';
import { createEventManager, type EventManager, type RetentionOptions } from './manager/event-manager.ts';
import { createSchema } from './schema/index.ts';
import { createBearerAuthenticate, createIdentify, type Authenticate } from './server/auth.ts';
import { createDashboard } from './server/dashboard.ts';
import { createDoor } from './server/door.ts';
import { createErrorMask } from './server/errors.ts';
import { createGraphql } from './server/graphql.ts';
import { createHealth } from './server/health.ts';
import { createGraphqlAnswers } from './server/http-graphql.ts';
import { createHttpServer } from './server/http.ts';
import { createLimits } from './server/limits.ts';
import type { Logger } from './server/logger.ts';
import { createMetrics, openMetricsServer, type Metrics } from './server/metrics.ts';
import type { Mount } from './server/mount.ts';
import { createOriginRule } from './server/origin.ts';
import { createSessions } from './server/session.ts';
import { createSseTransport } from './server/sse.ts';
import { openTracing } from './server/tracing.ts';
import { createWebSocketTransport } from './server/websocket.ts';
import { isLoopback } from './util/loopback.ts';
import { createTurns } from './util/turns.ts';

export type { StoreReader } from './log/store-reader.ts';
export { verifyStore } from './log/verify-store.ts';

export interface App extends AsyncDisposable {
  /** @returns where the server can be reached, without a path, and where its metrics are. */
  listen(): Promise<{ readonly url: string; readonly metricsUrl: string | undefined }>;
  /**
   * In the place of `listen`, or beside it: all of it below `prefix` of another HTTP server, e.g. `/drumline`. That
   * server's time limits hold.
   */
  mount(prefix: string): Mount;
  /** Stop taking work, finish what was accepted, end every stream; at most `drainMs`. */
  drain(): Promise<void>;
  readonly manager: EventManager;
  readonly log: EventLog;
  stats(): AppStats;
}

/** What is alive at this moment. */
export interface AppStats {
  /** Streams and callbacks that wait for news. */
  readonly followers: number;
  readonly busSubscriptions: number;
  /** Undefined when the bus reaches no further than this process. */
  readonly bus: BusStatus | undefined;
  /** Changes of watched tasks that no notice told of, and a catch-up found. */
  readonly missedNotices: number;
  /** Events that wait for the log. */
  readonly pendingEvents: number;
  readonly sockets: number;
  readonly streams: number;
}

/** What an embedder or a test may put in the place of ours. */
export interface AppDeps {
  readonly logger?: Logger;
  readonly now?: () => number;
  readonly authenticate?: Authenticate;
  /** Whether what a viewer rests on is not good any more. Asked before each delivery, so it answers at once. */
  readonly isRevoked?: (viewer: Viewer) => boolean;
  readonly authTimeoutMs?: number;
  readonly bus?: EventBus<DrumlineTopics>;
  /** Where the files of the dashboard are. */
  readonly dashboardDirectory?: string;
}

const SILENT: Logger = { error: ignore, warn: ignore, info: ignore, debug: ignore };
const AUTH_TIMEOUT_MS = 5_000;
const HOUR_MS = 3_600_000;

export async function createApp(config: Config, deps: AppDeps = {}): Promise<App> {
  const { logger = SILENT, authTimeoutMs = AUTH_TIMEOUT_MS } = deps;
  await using cleanup = new AsyncDisposableStack();
  const tracing = await openTracing({ ...config, logger });
  const mask = tracing.mask(createErrorMask(logger));
  const onError = (error: unknown): void => logger.warn({ err: error }, 'a notice, callback or clean-up failed');

  const auth = await openAuth(config, {
    now: deps.now,
    onTrouble: (error) => logger.error({ err: error }, 'a file of keys is not taken; what it said before holds'),
  });
  if (auth !== undefined) cleanup.use(auth);
  const authenticate = deps.authenticate ?? (auth && createBearerAuthenticate({ ...config, ...auth.authenticator }));
  if (authenticate === undefined) refuseOpenDoor(config);

  const log = withTailCache(cleanup.use(await openLog(config, deps, logger)));
  const bus = cleanup.use(deps.bus ?? (await openBus(config, logger, onError)));
  const retention = retentionOf(config, deps, logger);
  const manager = cleanup.use(createEventManager({ ...config, log, bus, retention, onError }));

  const metrics = config.metrics === undefined ? undefined : cleanup.use(createMetrics());
  const limits = createLimits({
    ...config,
    areCallersLimited: authenticate !== undefined || !isLoopback(config.host),
    onRefused: (limit) => metrics?.refused(limit),
  });

  const chain = { schema: createSchema(), isDiscreet: config.production, onOperation: tracing.onOperation };
  const graphql = tracing.graphql(createGraphql({ ...config, ...chain, mask, metrics }));
  // One for all streams: together they leave the event loop to others.
  const turns = createTurns();
  // Where nobody has to say who they are, there is nothing to ask again.
  const maxConnectionAgeMs = authenticate === undefined ? Infinity : config.maxConnectionAgeMs;
  const streaming = { ...config, maxConnectionAgeMs, graphql, mask, turns };
  const sse = cleanup.use(createSseTransport(streaming));
  const whyOver = auth === undefined ? whyExpired : auth.authenticator.whyOver;
  const sessions = cleanup.use(
    createSessions({
      manager: tracing.manager(metrics?.measure(manager) ?? manager),
      limits,
      tokens: auth?.signToken,
      whyOver: (viewer) => (deps.isRevoked?.(viewer) === true ? new TokenRevokedError() : whyOver(viewer)),
    }),
  );
  const identify = createIdentify({ authenticate, timeoutMs: authTimeoutMs, sessions });
  const webSockets = cleanup.use(createWebSocketTransport({ ...streaming, logger, identify, limits }));
  const health = createHealth({
    checkStore: () => log.ready(),
    isBusUp: () => bus.status?.().isConnected ?? true,
    isAuthCurrent: () => auth?.isCurrent() ?? true,
  });
  const origins = createOriginRule(config);
  const answers = createGraphqlAnswers({ ...config, graphql, mask, isOverloaded: () => manager.isOverloaded });
  const answerGraphql = tracing.answers(answers);
  const graphiql = config.graphiql && !config.production;
  const facts = { graphiql, auth: authenticate !== undefined };
  const http = createHttpServer({
    ...config,
    graphiql,
    dashboard: config.dashboard ? createDashboard(facts, deps.dashboardDirectory) : undefined,
    answerGraphql,
    sse: tracing.streams(sse),
    webSockets,
    origins,
    door: createDoor({ identify, limits, mask, logger }),
    health,
    mask,
    logger,
  });
  cleanup.defer(() => http.drain());

  const stats = (): AppStats => ({
    followers: manager.followerCount,
    busSubscriptions: bus.subscriptionCount,
    bus: bus.status?.(),
    missedNotices: manager.missedNoticeCount,
    pendingEvents: manager.pendingEventCount,
    sockets: webSockets.socketCount,
    streams: sse.streamCount,
  });
  const resources = cleanup.move();

  async function openMetrics(from: Metrics): Promise<string> {
    const address = config.metrics ?? { host: '127.0.0.1', port: 0 };
    return resources.use(await openMetricsServer({ ...address, read: () => from.read(stats()) })).url;
  }
  return {
    async listen() {
      const metricsUrl = metrics === undefined ? undefined : await openMetrics(metrics);
      const { address, port, family } = await http.listen();
      return { url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`, metricsUrl };
    },
    mount: http.mount,
    drain: () => http.drain(),
    manager,
    log,
    stats,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** Of viewers that an embedder made. */
function whyExpired({ expiresAt }: Viewer): DrumlineError | undefined {
  return Date.now() >= expiresAt ? new TokenExpiredError() : undefined;
}

/** Whoever can reach the port could do everything: that is wanted on one machine, and seldom beyond it. */
export function refuseOpenDoor({ host, allowAnonymous }: Config): void {
  if (allowAnonymous || isLoopback(host)) return;
  const line = `--host ${host} is reachable by others: set --auth-keys, DRUMLINE_AUTH_SECRET or --auth-public-keys, or --allow-anonymous true`;
  throw new ConfigError([{ setting: 'host', line }]);
}

function retentionOf({ retentionHours, maxEventsPerTask }: Config, { now }: AppDeps, logger: Logger): RetentionOptions {
  const onDeleted = (tasks: number): void => logger.info({ tasks }, 'tasks were deleted, their time was over');
  return { keepMs: retentionHours * HOUR_MS, maxEventsPerTask, now, onDeleted };
}

async function openLog(config: Config, { now }: AppDeps, logger: Logger): Promise<EventLog> {
  const { store, snapshotEvery, acceptWeakerDurability } = config;
  const options = { snapshotEvery, ...(now === undefined ? {} : { now }) };
  switch (store.driver) {
    case 'memory':
      return openMemoryLog(options);
    case 'sqlite':
      return openSqliteLog({
        ...options,
        path: store.path,
        onWarning: (message) => logger.warn({ store: store.path }, message),
      });
    case 'postgres': {
      // Read only by those who use it: it is a good part of the time that a start takes.
      const { openPostgresLog } = await import('./log/postgres-log.ts');
      return openPostgresLog({
        ...options,
        url: store.url,
        acceptWeakerDurability,
        onWarning: (message) => logger.warn({ store: store.driver }, message),
      });
    }
  }
}

/**
 * The store to look at, while servers may own it. @returns undefined when there is none yet; so it is for `memory:`.
 * @throws StoreUnusableError, StoreCorruptError
 */
export async function openStoreReader(config: Config, onDamage: OnDerivedDamage): Promise<StoreReader | undefined> {
  const { store, acceptWeakerDurability } = config;
  switch (store.driver) {
    case 'memory':
      return undefined;
    case 'sqlite': {
      const { openSqliteReader } = await import('./log/sqlite/reader.ts');
      return openSqliteReader(store.path, onDamage);
    }
    case 'postgres': {
      const { openPostgresReader } = await import('./log/postgres/reader.ts');
      return openPostgresReader({ url: store.url, acceptWeakerDurability }, onDamage);
    }
  }
}

/** Where the setting says nothing: a store that one process owns needs no way to others. */
function busOf(store: StoreSetting): Exclude<BusSetting, { readonly driver: 'store' }> {
  switch (store.driver) {
    case 'memory':
    case 'sqlite':
      return { driver: 'memory' };
    case 'postgres':
      return store;
  }
}

/** A server's own driver is loaded when it is wanted: most servers have neither Redis nor Postgres. */
async function openBus(
  { bus, busChannel, store }: Config,
  logger: Logger,
  onHandlerError: (error: unknown) => void,
): Promise<EventBus<DrumlineTopics>> {
  const shared = {
    local: createMemoryBus({ onHandlerError }),
    formats: DRUMLINE_FORMATS,
    channel: busChannel,
    async onHealed(healed: EventBus<DrumlineTopics>) {
      logger.info({}, 'the bus is back; looking again at everything');
      // Here and elsewhere: what we could not say meanwhile, the others have to find.
      await healed.publish('lookAgain', {});
    },
    onTrouble: (error: Error) => logger.warn({ err: error }, 'the bus is down; other servers hear by catch-up only'),
  };
  const chosen = bus.driver === 'store' ? busOf(store) : bus;
  switch (chosen.driver) {
    case 'memory':
      return shared.local;
    case 'redis': {
      const { openRedisBus } = await import('./bus/redis-bus.ts');
      return openRedisBus({ ...shared, url: chosen.url });
    }
    case 'postgres': {
      const { openPostgresBus } = await import('./bus/postgres-bus.ts');
      return openPostgresBus({ ...shared, url: chosen.url });
    }
  }
}

function ignore(): void {
  // Nobody asked for a log.
}
