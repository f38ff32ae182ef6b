/**
 * What a log may say, however it got there: each line is one JSON object and harmless on a terminal, an error is told
 * by its name, code, message and stack, and the secrets of the settings are blotted out wherever they turn up. What
 * else an error carries (the URL that could not be read, a row that was refused) is of no use to whoever reads logs, and
 * may be anybody's.
 */
import type { Config } from '../config.ts';

export interface LogFilter {
  /** For pino's `serializers.err`. */
  error(this: void, value: unknown): unknown;
  /** A line as it was to be written. */
  line(this: void, text: string): string;
}

/** A chain of causes may be a ring. */
const MAX_CAUSES = 8;

export function createLogFilter(config: Config): LogFilter {
  const secrets = secretsOf(config);
  const isShown = (text: string): boolean => secrets.some((secret) => text.includes(inJson(secret)));
  return {
    error: describeError,
    line(text) {
      const safe = isShown(text) ? `${JSON.stringify(blot(JSON.parse(text), secrets))}\n` : text;
      // JSON leaves them as they are, but a terminal obeys them, and some readers of logs end a line at them.
      return safe.replaceAll(
        /[\u007f-\u009f\p{Zl}\p{Zp}\p{Bidi_Control}]/gu,
        (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
      );
    },
  };
}

/** As they are written in the settings, and as they are sent. */
function secretsOf({ authSecret, store, bus }: Config): readonly string[] {
  const passwords = [store, bus].flatMap((each) => ('url' in each ? passwordsIn(each.url) : []));
  return [...new Set([authSecret, ...passwords])].filter((secret) => secret !== '');
}

function passwordsIn(url: string): readonly string[] {
  const parsed = URL.parse(url);
  const written = [parsed?.password ?? '', parsed?.searchParams.get('password') ?? ''];
  return written.flatMap((each) => [each, decoded(each)]);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function inJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** In values only, so that what is left is JSON whatever the secret is. */
function blot(value: unknown, secrets: readonly string[]): unknown {
  if (typeof value === 'string') return secrets.reduce((text, secret) => text.replaceAll(secret, '***'), value);
  if (Array.isArray(value)) return value.map((each) => blot(each, secrets));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, blot(each, secrets)]));
}

function describeError(value: unknown): unknown {
  if (!(value instanceof Error)) return String(value);
  const chain: Error[] = [];
  for (let each: unknown = value; each instanceof Error && chain.length < MAX_CAUSES; each = each.cause) {
    chain.push(each);
  }
  const code = 'code' in value && typeof value.code === 'string' ? { code: value.code } : {};
  return {
    type: value.name,
    ...code,
    message: chain.map(({ message }) => message).join(': '),
    stack: chain.map(({ stack = '' }) => stack).join('\ncaused by: '),
  };
}
