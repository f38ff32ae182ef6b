/**
 * What the commands show to the server: a key or a token, from DRUMLINE_TOKEN. It is no flag, for every user of the
 * machine can read the flags of a program that runs.
 */
import type { CliIo } from './io.ts';

export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
}

export function findCredentials(env: CliIo['env']): Credentials {
  const token = env['DRUMLINE_TOKEN'] ?? '';
  return { headers: token === '' ? {} : { authorization: `Bearer ${token}` } };
}

/** For the end of a help text. */
export const CREDENTIALS_HELP = 'DRUMLINE_TOKEN holds the key or token to show, where the server asks for one.';
