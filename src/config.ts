/**
 * Every setting of the server in one table: it makes the flags and their help, the documentation, the defaults
 * and the errors, so that none of them can disagree. A value comes from its flag, else from its variable, else
 * from its default; whatever is wrong is said in one line that names the key and never shows a secret.
 */
import { z } from 'zod';
import { secret, toBus, toOrigins, toStore, truth, wholeNumber } from './config/values.ts';

export type { BusSetting, StoreSetting } from './config/values.ts';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

interface Setting<Value> {
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
  snapshotEvery: setting({
    schema: wholeNumber(1, 1_000_000),
    default: '1000',
    unit: 'events',
    meaning: "events of a task between two stored states: fewer make an old cursor's state cheaper to compute",
  }),
});

export type SettingName = keyof typeof SETTINGS;
export type Config = { readonly [Name in SettingName]: z.output<(typeof SETTINGS)[Name]['schema']> };

export interface RawSettings {
  /** By setting name, as the command line gives them. */
  readonly flags?: Readonly<Record<string, string | undefined>>;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** One or more settings are wrong. The message is one line and names each by its flag or variable. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'CONFIG_INVALID';
  readonly settings: readonly string[];

  constructor(problems: readonly { readonly setting: string; readonly line: string }[]) {
    super(problems.map((problem) => problem.line).join('; '));
    this.settings = problems.map((problem) => problem.setting);
  }
}

/** Throws ConfigError. */
export function parseConfig({ flags = {}, env = {} }: RawSettings): Config {
  const unknown = Object.keys(flags).filter((name) => !Object.hasOwn(SETTINGS, name));
  const problems = unknown.map((name) => ({ setting: name, line: `${flagOf(name)} is not a setting` }));
  const values: Record<string, unknown> = {};
  for (const [name, { schema, ...rest }] of Object.entries<Setting<unknown>>(SETTINGS)) {
    const { text, source } = findText(name, rest, { flags, env });
    const result = schema.safeParse(text);
    if (result.success) values[name] = result.data;
    else problems.push({ setting: name, line: `${source} ${result.error.issues[0]?.message ?? 'is not acceptable'}` });
  }
  if (problems.length > 0) throw new ConfigError(problems);
  // Each key was parsed by its own row just above; the types cannot follow a loop over the table.
  return values as Config;
}

/** `maxBodyBytes` to `--max-body-bytes` and `DRUMLINE_MAX_BODY_BYTES`. */
export function flagOf(name: string): string {
  return `--${kebab(name)}`;
}
export function variableOf(name: string): string {
  return `DRUMLINE_${kebab(name).replaceAll('-', '_').toUpperCase()}`;
}

/** The table for the documentation, in Markdown. */
export function settingsMarkdown(): string {
  const rows = Object.entries<Setting<unknown>>(SETTINGS).map(([name, row]) => {
    const variables = [variableOf(name), ...(row.alsoEnv === undefined ? [] : [row.alsoEnv])];
    const cells = [flagOf(name), variables.join('`, `'), row.default].map((text) => (text === '' ? '' : `\`${text}\``));
    return `| ${cells.join(' | ')} | ${row.unit.replaceAll('|', '\\|')} | ${row.meaning} |`;
  });
  return ['| Flag | Variable | Default | Unit | Meaning |', '| --- | --- | --- | --- | --- |', ...rows].join('\n');
}

function findText(
  name: string,
  row: Omit<Setting<unknown>, 'schema'>,
  { flags, env }: Required<RawSettings>,
): { readonly text: string; readonly source: string } {
  const flag = flags[name];
  if (flag !== undefined) return { text: flag, source: flagOf(name) };
  for (const variable of [variableOf(name), ...(row.alsoEnv === undefined ? [] : [row.alsoEnv])]) {
    const text = env[variable];
    // An empty variable is how many tools write "not set".
    if (text !== undefined && text !== '') return { text, source: variable };
  }
  return { text: row.default, source: flagOf(name) };
}

function setting<Value>(row: Setting<Value>): Setting<Value> {
  return row;
}

function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
