/** How the text of a setting becomes its value. What is wrong with it is said without the value: it may hold a secret. */
import { z } from 'zod';

export type StoreSetting =
  | { readonly driver: 'sqlite'; readonly path: string }
  /** The URL may hold a password: it goes into no message and no log. */
  | { readonly driver: 'postgres'; readonly url: string }
  | { readonly driver: 'memory' };
/** `store`: whatever fits where the events are kept. */
export type BusSetting =
  | { readonly driver: 'store' }
  | { readonly driver: 'memory' }
  | { readonly driver: 'redis' | 'postgres'; readonly url: string };

export function truth(): z.ZodType<boolean, string> {
  return z.enum(['true', 'false'], 'must be true or false').transform((text) => text === 'true');
}

/** The value is in no message. */
export function secret(): z.ZodType<string, string> {
  return z
    .string()
    .refine(
      (text) => text === '' || Buffer.byteLength(text) >= 32,
      'must be at least 32 bytes; make one with: openssl rand -hex 32',
    );
}

/** Digits only: `1e3`, `0x10`, `4 MB` and `NaN` are more likely mistakes than wishes. */
export function wholeNumber(min: number, max: number): z.ZodType<number, string> {
  const rule = `must be a whole number from ${min} to ${max}`;
  return z.string().transform((text, context) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    // Kubernetes sets DRUMLINE_PORT=tcp://… in every pod beside a Service named "drumline".
    const hint = text.startsWith('tcp://') ? ' (Kubernetes sets it for a Service; use enableServiceLinks: false)' : '';
    context.addIssue({ code: 'custom', message: rule + hint });
    return z.NEVER;
  });
}

export function toStore(text: string, context: z.core.$RefinementCtx): StoreSetting {
  if (text === 'memory:') return { driver: 'memory' };
  const path = /^sqlite:(.+)$/s.exec(text)?.[1];
  if (path !== undefined && path !== ':memory:' && !path.includes('\0')) return { driver: 'sqlite', path };
  if (/^postgres(ql)?:\/\/\S+$/.test(text)) return { driver: 'postgres', url: text };
  // The value is not repeated: a database URL holds a password.
  const message = 'must be sqlite:PATH, postgres://USER@HOST/DATABASE or memory:';
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
}

export function toBus(text: string, context: z.core.$RefinementCtx): BusSetting {
  if (text === '') return { driver: 'store' };
  if (text === 'memory:') return { driver: 'memory' };
  if (isServerUrl(text, /^rediss?:$/)) return { driver: 'redis', url: text };
  if (isServerUrl(text, /^postgres(?:ql)?:$/)) return { driver: 'postgres', url: text };
  // The value is not repeated: it holds a password.
  context.addIssue({ code: 'custom', message: 'must be redis://…, rediss://…, postgres://… or memory:' });
  return z.NEVER;
}

/** A URL that a client library will take: with a host, and nothing in it that cannot be decoded. */
function isServerUrl(text: string, protocol: RegExp): boolean {
  const url = URL.parse(text);
  if (url === null || !protocol.test(url.protocol) || url.hostname === '') return false;
  try {
    decodeURIComponent(url.username + url.password + url.pathname);
    return true;
  } catch {
    return false;
  }
}

export function toOrigins(text: string, context: z.core.$RefinementCtx): readonly string[] {
  const origins = text.split(',').map((part) => part.trim());
  const found = origins.filter((origin) => origin !== '');
  if (found.every(isOrigin)) return found;
  context.addIssue({ code: 'custom', message: 'must be origins such as https://example.org, separated by commas' });
  return z.NEVER;
}

function isOrigin(text: string): boolean {
  return /^https?:$/.test(URL.parse(text)?.protocol ?? '') && URL.parse(text)?.origin === text;
}

/** Empty: undefined. */
export function toAddress(
  text: string,
  context: z.core.$RefinementCtx,
): { readonly host: string; readonly port: number } | undefined {
  if (text === '') return undefined;
  const [, host = '', port = ''] = /^(\[[0-9a-fA-F:]+\]|[^\s/:]+):(\d{1,5})$/.exec(text) ?? [];
  if (host !== '' && Number(port) <= 65_535) return { host: host.replaceAll(/[[\]]/g, ''), port: Number(port) };
  context.addIssue({ code: 'custom', message: 'must be HOST:PORT, e.g. 127.0.0.1:9400' });
  return z.NEVER;
}
