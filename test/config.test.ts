/** Settings: where a value comes from, what is refused, and that a refusal names the key and shows no secret. */
import { describe, expect, test } from 'vitest';
import {
  ConfigError,
  flagOf,
  parseConfig,
  SETTINGS,
  settingsMarkdown,
  variableOf,
  type RawSettings,
} from '../src/config.ts';

function refusalOf(raw: RawSettings): ConfigError {
  try {
    parseConfig(raw);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('was accepted');
}

test('without flags and variables every setting has its documented default', () => {
  expect(parseConfig({})).toEqual({
    authKeys: '',
    authSecret: '',
    authPublicKeys: '',
    authAudience: 'drumline',
    authIssuer: '',
    tokenInUrl: false,
    allowAnonymous: false,
    production: false,
    metrics: undefined,
    traceTaskIds: false,
    maxPendingEvents: 5_000,
    maxConnections: 50_000,
    maxOperationsPerSocket: 100,
    maxConnectionsPerAddress: 100,
    maxSocketsPerViewer: 50,
    maxStreamsPerViewer: 50,
    maxRequestsPerSecond: 1_000,
    maxEmitsPerTask: 10_000,
    maxEmitsPerViewer: 50_000,
    maxConnectionAgeMs: 3_600_000,
    trustProxy: false,
    port: 4000,
    host: '127.0.0.1',
    store: { driver: 'sqlite', path: 'drumline.db' },
    acceptWeakerDurability: false,
    bus: { driver: 'store' },
    busChannel: 'drumline',
    retentionHours: 168,
    maxEventsPerTask: 1_000_000,
    logLevel: 'info',
    catchUpMs: 2_000,
    keepAliveMs: 12_000,
    stallMs: 30_000,
    drainMs: 8_000,
    allowedOrigins: [],
    dashboard: true,
    graphiql: true,
    maxBodyBytes: 4 * 1024 * 1024,
    snapshotEvery: 1_000,
  });
});

test('a flag wins over its variable, and DRUMLINE_PORT over PORT', () => {
  const env = { DRUMLINE_PORT: '4001', PORT: '4002' };
  expect(parseConfig({ flags: { port: '4003' }, env }).port).toBe(4003);
  expect(parseConfig({ env }).port).toBe(4001);
  expect(parseConfig({ env: { PORT: '4002' } }).port).toBe(4002);
});

test('an empty variable counts as not set', () => {
  expect(parseConfig({ env: { DRUMLINE_PORT: '', PORT: '', DRUMLINE_STORE: '' } })).toEqual(parseConfig({}));
});

test('port 0 is accepted: it picks a free one', () => {
  expect(parseConfig({ flags: { port: '0' } }).port).toBe(0);
});

test('stores: a file, an odd file name, memory, Postgres', () => {
  const storeOf = (store: string) => parseConfig({ flags: { store } }).store;
  expect(storeOf('sqlite:/var/lib/a b:c.db')).toEqual({ driver: 'sqlite', path: '/var/lib/a b:c.db' });
  expect(storeOf('memory:')).toEqual({ driver: 'memory' });
  for (const url of ['postgres://me:secret@db/x?sslmode=require', 'postgresql:///x?host=/run/postgresql']) {
    expect(storeOf(url)).toEqual({ driver: 'postgres', url });
  }
});

test('buses: Redis with and without TLS, Postgres, memory, and by the store', () => {
  const busOf = (bus: string) => parseConfig({ flags: { bus } }).bus;
  expect(busOf('redis://:hunter2@redis:6380/1')).toEqual({ driver: 'redis', url: 'redis://:hunter2@redis:6380/1' });
  expect(busOf('rediss://redis')).toEqual({ driver: 'redis', url: 'rediss://redis' });
  expect(busOf('postgres://a:hunter2@db/x')).toEqual({ driver: 'postgres', url: 'postgres://a:hunter2@db/x' });
  expect(busOf('memory:')).toEqual({ driver: 'memory' });
  expect(busOf('')).toEqual({ driver: 'store' });
});

test('origins are split at commas and kept as origins', () => {
  const { allowedOrigins } = parseConfig({ flags: { allowedOrigins: 'https://a.example, http://localhost:3000,' } });
  expect(allowedOrigins).toEqual(['https://a.example', 'http://localhost:3000']);
});

describe('a wrong value is refused in one line that names its key', () => {
  const WRONG: readonly (readonly [setting: keyof typeof SETTINGS, value: string])[] = [
    ['port', 'abc'],
    ['port', '70000'],
    ['port', '-1'],
    ['port', '1e3'],
    ['port', ' 80'],
    ['port', '4000.5'],
    ['host', ''],
    ['host', 'http://x'],
    ['store', 'sqlite:'],
    ['store', 'sqlite::memory:'],
    ['store', 'mysql://root:hunter2@db/x'],
    ['store', 'postgres:root:hunter2@db'],
    ['store', 'postgres://root:hunter2@db /x'],
    ['acceptWeakerDurability', '1'],
    ['bus', 'redis:'],
    ['bus', 'http://root:hunter2@redis/'],
    ['bus', 'redis://root:hunter2%@redis/'],
    ['busChannel', 'a b'],
    ['logLevel', 'loud'],
    ['catchUpMs', '0'],
    ['keepAliveMs', 'NaN'],
    ['stallMs', '-1'],
    ['drainMs', '1s'],
    ['allowedOrigins', '*'],
    ['allowedOrigins', 'https://a.example/path'],
    ['graphiql', 'yes'],
    ['maxBodyBytes', '10GB'],
    ['maxBodyBytes', '0'],
    ['snapshotEvery', '0'],
  ];
  test.each(WRONG)('%s = %j', (setting, value) => {
    const byFlag = refusalOf({ flags: { [setting]: value } });
    expect(byFlag.settings).toEqual([setting]);
    expect(byFlag.message).toContain(flagOf(setting));
    expect(byFlag.message).not.toMatch(/\n|hunter2/);
    if (value === '') return;
    const byVariable = refusalOf({ env: { [variableOf(setting)]: value } });
    expect(byVariable.message).toContain(variableOf(setting));
    expect(byVariable.message).not.toMatch(/\n|hunter2/);
  });

  test('all wrong settings at once, still in one line', () => {
    const refusal = refusalOf({ flags: { port: 'abc' }, env: { DRUMLINE_STORE: 'nowhere' } });
    expect(refusal.settings).toEqual(['port', 'store']);
    expect(refusal.message).toMatch(/^--port .*; DRUMLINE_STORE [^\n]*$/);
  });

  test('a flag that is no setting', () => {
    expect(refusalOf({ flags: { prot: '4000' } }).settings).toEqual(['prot']);
  });

  test('the port that Kubernetes sets for a Service named "drumline", with what to do', () => {
    expect(refusalOf({ env: { DRUMLINE_PORT: 'tcp://10.0.0.1:4000' } }).message).toContain('enableServiceLinks');
  });
});

test('names follow from the key alone', () => {
  expect(flagOf('maxBodyBytes')).toBe('--max-body-bytes');
  expect(variableOf('maxBodyBytes')).toBe('DRUMLINE_MAX_BODY_BYTES');
});

test('the documentation has a row for each setting, with its unit and default', () => {
  const rows = settingsMarkdown().split('\n').slice(2);
  expect(rows).toHaveLength(Object.keys(SETTINGS).length);
  expect(rows[0]).toBe(
    '| `--port` | `DRUMLINE_PORT`, `PORT` | `4000` | port | port to listen on; 0 picks a free one |',
  );
});
