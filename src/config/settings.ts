/** The table: each setting's default, unit, meaning, and how its text becomes a value. */
import { z } from 'zod';
import { secret, toAddress, toBus, toOrigins, toStore, truth, wholeNumber } from './values.ts';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

export interface Setting<Value> {
  readonly schema: z.ZodType<Value, string>;
  /** As it would be written on the command line. */
  readonly default: string;
  readonly unit: string;
  readonly meaning: string;
  /** A second variable that is read when DRUMLINE_… is not set. */
  readonly alsoEnv?: string;
}

export const SETTINGS = Object.freeze({
  port: setting({
    schema: wholeNumber(0, 65_535),
    default: '4000',
    unit: 'port',
    meaning: 'port to listen on; 0 picks a free one',
    alsoEnv: 'PORT',
  }),
  host: setting({
    schema: z.string().regex(/^[^\s/]+$/, 'must be a host name or an IP address'),
    default: '127.0.0.1',
    unit: 'host',
    meaning: 'address to bind to; 0.0.0.0 or :: for all',
  }),
  store: setting({
    schema: z.string().transform(toStore),
    default: 'sqlite:drumline.db',
    unit: 'store',
    meaning:
      'where events are kept: sqlite:PATH, postgres://USER@HOST/DATABASE, or memory: (lost when the server stops)',
  }),
  acceptWeakerDurability: setting({
    schema: truth(),
    default: 'false',
    unit: 'true|false',
    meaning: 'use a Postgres that may lose acknowledged events: with synchronous_commit, fsync or full_page_writes off',
  }),
  bus: setting({
    schema: z.string().transform(toBus),
    default: '',
    unit: 'bus',
    meaning:
      'how several servers over one store hear of each other at once: redis://…, rediss://… or postgres://…; empty: by the store',
  }),
  busChannel: setting({
    schema: z.string().regex(/^[A-Za-z0-9][\w.:-]{0,47}$/, 'must be 1 to 48 letters, digits and _ . : -'),
    default: 'drumline',
    unit: 'name',
    meaning:
      'servers of one installation share it; name another where several installations share a Redis or a database',
  }),
  retentionHours: setting({
    schema: wholeNumber(0, 1_000_000),
    default: '168',
    unit: 'hours',
    meaning: 'how long a task is kept after its last event was recorded, then it is deleted; 0: for ever',
  }),
  maxEventsPerTask: setting({
    schema: wholeNumber(0, 2_000_000_000),
    default: '1000000',
    unit: 'events',
    meaning: 'how many events of one task are kept; the oldest are forgotten, its progress is not; 0: all',
  }),
  logLevel: setting({
    schema: z.enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`),
    default: 'info',
    unit: 'level',
    meaning: `least important message to log: ${LOG_LEVELS.join(', ')}`,
  }),
  catchUpMs: setting({
    schema: wholeNumber(10, 3_600_000),
    default: '2000',
    unit: 'ms',
    meaning: 'how often followers look for events whose notice was lost',
  }),
  keepAliveMs: setting({
    schema: wholeNumber(100, 3_600_000),
    default: '12000',
    unit: 'ms',
    meaning: 'how often an idle stream says that it is alive; a WebSocket that does not answer is closed',
  }),
  stallMs: setting({
    schema: wholeNumber(100, 3_600_000),
    default: '30000',
    unit: 'ms',
    meaning: 'how long a reader may take nothing from its stream before the stream is closed',
  }),
  drainMs: setting({
    schema: wholeNumber(0, 600_000),
    default: '8000',
    unit: 'ms',
    meaning: 'how long a stopping server may take to finish what it accepted',
  }),
  authKeys: setting({
    schema: z.string(),
    default: '',
    unit: 'path',
    meaning: 'file of API keys and revoked tokens, written by `drumline key`; read again when it changes',
  }),
  authSecret: setting({
    schema: secret(),
    default: '',
    unit: 'secret',
    meaning:
      'at least 32 bytes that sign and verify HS256 tokens; rather as a variable, for flags are seen by other users',
  }),
  authPublicKeys: setting({
    schema: z.string(),
    default: '',
    unit: 'url|path',
    meaning: 'verifies RS256, ES256 and EdDSA tokens: https://… of a JWKS, or the path of a JWKS or of a key as PEM',
  }),
  authAudience: setting({
    schema: z.string().min(1, 'must not be empty'),
    default: 'drumline',
    unit: 'name',
    meaning: 'what the `aud` of a token must hold',
  }),
  authIssuer: setting({
    schema: z.string(),
    default: '',
    unit: 'name',
    meaning: 'what the `iss` of a token must be; empty: anything',
  }),
  tokenInUrl: setting({
    schema: truth(),
    default: 'false',
    unit: 'true|false',
    meaning: "let event streams bear their token as ?token=, for a browser's EventSource; proxies may log it",
  }),
  allowAnonymous: setting({
    schema: truth(),
    default: 'false',
    unit: 'true|false',
    meaning: 'serve beyond this machine without asking who calls',
  }),
  allowedOrigins: setting({
    schema: z.string().transform(toOrigins),
    default: '',
    unit: 'origins',
    meaning: 'web origins that may call from a browser, separated by commas; empty: only its own',
  }),
  production: setting({
    schema: truth(),
    default: 'false',
    unit: 'true|false',
    meaning: 'tell strangers nothing of the schema: no introspection, no suggestions, no GraphiQL',
  }),
  dashboard: setting({
    schema: truth(),
    default: 'true',
    unit: 'true|false',
    meaning: 'serve the dashboard at /; otherwise nothing is there',
  }),
  graphiql: setting({
    schema: truth(),
    default: 'true',
    unit: 'true|false',
    meaning: 'serve GraphiQL to browsers at /graphql; never in production',
  }),
  maxBodyBytes: setting({
    schema: wholeNumber(1_024, 1_073_741_824),
    default: '4194304',
    unit: 'bytes',
    meaning: 'largest request body or WebSocket message',
  }),
  metrics: setting({
    schema: z.string().transform(toAddress),
    default: '',
    unit: 'host:port',
    meaning: 'where Prometheus finds /metrics, e.g. 127.0.0.1:9400; empty: nowhere',
  }),
  traceTaskIds: setting({
    schema: truth(),
    default: 'false',
    unit: 'true|false',
    meaning: 'name the tasks of an append in its span of OpenTelemetry; there is no end of ids, so this costs',
  }),
  maxPendingEvents: setting({
    schema: wholeNumber(1, 10_000_000),
    default: '5000',
    unit: 'events',
    meaning: 'events that may wait to be recorded; what is beyond is refused with OVERLOADED',
  }),
  maxConnections: setting({
    schema: wholeNumber(1, 10_000_000),
    default: '50000',
    unit: 'count',
    meaning: 'WebSockets and event streams at once, of everybody',
  }),
  maxOperationsPerSocket: setting({
    schema: wholeNumber(1, 1_000_000),
    default: '100',
    unit: 'count',
    meaning: 'subscriptions of one WebSocket at once; ten times as many with queries and mutations',
  }),
  maxConnectionsPerAddress: setting({
    schema: wholeNumber(1, 10_000_000),
    default: '100',
    unit: 'count',
    meaning:
      'WebSockets and event streams from one address; this and all below only where callers are asked who they are',
  }),
  maxSocketsPerViewer: setting({
    schema: wholeNumber(1, 10_000_000),
    default: '50',
    unit: 'count',
    meaning: 'WebSockets of one key or token',
  }),
  maxStreamsPerViewer: setting({
    schema: wholeNumber(1, 10_000_000),
    default: '50',
    unit: 'count',
    meaning: 'event streams of one key or token',
  }),
  maxRequestsPerSecond: setting({
    schema: wholeNumber(1, 10_000_000),
    default: '1000',
    unit: 'per second',
    meaning: 'requests of one key or token, and messages of one WebSocket',
  }),
  maxEmitsPerTask: setting({
    schema: wholeNumber(1, 100_000_000),
    default: '10000',
    unit: 'per second',
    meaning: 'events of one task',
  }),
  maxEmitsPerViewer: setting({
    schema: wholeNumber(1, 100_000_000),
    default: '50000',
    unit: 'per second',
    meaning: 'events from one key or token',
  }),
  maxConnectionAgeMs: setting({
    schema: wholeNumber(1_000, 2_000_000_000),
    default: '3600000',
    unit: 'ms',
    meaning: 'how old a WebSocket or an event stream gets, give or take a tenth, before it is told to come back',
  }),
  trustProxy: setting({
    schema: truth(),
    default: 'false',
    unit: 'true|false',
    meaning: 'take the last address of X-Forwarded-For for that of the caller; only behind a proxy that sets it',
  }),
  snapshotEvery: setting({
    schema: wholeNumber(1, 1_000_000),
    default: '1000',
    unit: 'events',
    meaning: "events of a task between two stored states: fewer make an old cursor's state cheaper to compute",
  }),
});

function setting<Value>(row: Setting<Value>): Setting<Value> {
  return row;
}
