/** Where the server is: `--url`, else DRUMLINE_URL, else this machine. A bare origin gets `/graphql`. */
import { CliError, EXIT } from './exit.ts';

export const DEFAULT_URL = 'http://127.0.0.1:4000/graphql';

export function findServerUrl(flag: string | undefined, env: Readonly<Record<string, string | undefined>>): string {
  const fromEnv = env['DRUMLINE_URL'] === '' ? undefined : env['DRUMLINE_URL'];
  const source = flag === undefined ? 'DRUMLINE_URL' : '--url';
  const url = URL.parse(flag ?? fromEnv ?? DEFAULT_URL);
  // The value is not repeated: it may hold a password.
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new CliError(EXIT.usage, `${source} must be an http:// or https:// URL, e.g. ${DEFAULT_URL}`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new CliError(EXIT.usage, `${source} must not hold a user name or a password`);
  }
  if (url.pathname === '/') url.pathname = '/graphql';
  url.hash = '';
  return url.href;
}
