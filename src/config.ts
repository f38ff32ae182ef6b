/**
 * Every setting of the server in one table: it makes the flags and their help, the documentation, the defaults
 * and the errors, so that none of them can disagree. A value comes from its flag, else from its variable, else
 * from its default; whatever is wrong is said in one line that names the key and never shows a secret.
 */
import type { z } from 'zod';
import { SETTINGS, type Setting } from './config/settings.ts';

export { SETTINGS } from './config/settings.ts';
export type { BusSetting, StoreSetting } from './config/values.ts';

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
  /** What is wrong, a line for each. */
  readonly lines: readonly string[];

  constructor(problems: readonly { readonly setting: string; readonly line: string }[]) {
    super(problems.map((problem) => problem.line).join('; '));
    this.settings = problems.map((problem) => problem.setting);
    this.lines = problems.map((problem) => problem.line);
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

function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
