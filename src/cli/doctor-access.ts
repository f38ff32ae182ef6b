/** Who may come in: what would keep a server from starting, and what lets in more than was meant. */
import { stat } from 'node:fs/promises';
import { refuseOpenDoor } from '../app.ts';
import { KeyFileError, readKeyFile } from '../auth/key-file.ts';
import { tryPublicKeys } from '../auth/public-keys.ts';
import { ConfigError, type Config } from '../config.ts';
import { isLoopback } from '../util/loopback.ts';
import { EXIT } from './exit.ts';
import { failed, good, warning, type Finding } from './finding.ts';

const OTHERS_MAY_READ = 0o004;
const OTHERS_MAY_WRITE = 0o022;

export async function* checkAccess(
  config: Config,
  flags: Readonly<Record<string, string | undefined>>,
): AsyncGenerator<Finding, void> {
  yield checkDoor(config);
  if (config.authKeys !== '') yield* checkKeyFile(config.authKeys);
  if (config.authPublicKeys !== '') yield await checkPublicKeys(config.authPublicKeys);
  yield* checkSecrets(config, flags);
  const { production, host, tokenInUrl } = config;
  if (tokenInUrl) {
    const advice = 'unless a browser’s EventSource needs it, leave --token-in-url out';
    yield warning('token in URL', `allowed, and proxies write URLs into their logs; ${advice}`);
  }
  if (!production && !isLoopback(host)) {
    yield warning('production', `off, so strangers may read the schema; set --production true`);
  }
}

function checkDoor(config: Config): Finding {
  const { authKeys, authSecret, authPublicKeys, allowAnonymous, host } = config;
  const ways = [
    ...(authKeys === '' ? [] : ['API keys']),
    ...(authSecret === '' ? [] : ['tokens by the secret']),
    ...(authPublicKeys === '' ? [] : ['tokens by public keys']),
  ];
  if (ways.length > 0) return good('access', `by ${ways.join(' and ')}`);
  if (isLoopback(host)) return good('access', `nobody is asked who they are, and only this machine reaches ${host}`);
  if (allowAnonymous) {
    return warning('access', `whoever reaches ${host} may do everything (--allow-anonymous); rather set --auth-keys`);
  }
  try {
    refuseOpenDoor(config);
    return good('access', 'closed');
  } catch (error) {
    if (error instanceof ConfigError) return failed('access', EXIT.config, error.message);
    throw error;
  }
}

async function* checkKeyFile(path: string): AsyncGenerator<Finding, void> {
  try {
    const { keys, revoked } = await readKeyFile(path);
    const counts = `${keys.length} keys, ${revoked.length} revoked`;
    yield keys.length === 0
      ? warning('key file', `${counts}; make one: drumline key add NAME --grant 'emit:*' --file ${path}`)
      : good('key file', counts);
  } catch (error) {
    if (!(error instanceof KeyFileError)) throw error;
    yield failed('key file', EXIT.config, `${path}: ${error.message}; make one with drumline key add`);
    return;
  }
  const { mode } = await stat(path);
  if ((mode & OTHERS_MAY_READ) !== 0) {
    yield failed('key file', EXIT.config, `${path} can be read by every user of this machine; chmod 600 it`);
  } else if ((mode & OTHERS_MAY_WRITE) !== 0) {
    yield failed('key file', EXIT.config, `${path} can be written by other users, who could add keys; chmod 600 it`);
  }
}

async function checkPublicKeys(place: string): Promise<Finding> {
  try {
    await tryPublicKeys(place);
    return good('public keys', 'usable');
  } catch (error) {
    // Its class belongs to the tokens; its message is one line and holds nothing of the keys.
    if (!(error instanceof Error && 'code' in error && error.code === 'PUBLIC_KEYS_INVALID')) throw error;
    return failed('public keys', EXIT.config, `${error.message}; correct --auth-public-keys`);
  }
}

/** What stands on a command line is seen by every user of the machine, in the list of processes. */
function* checkSecrets({ store, bus }: Config, flags: Readonly<Record<string, string | undefined>>): Iterable<Finding> {
  const given = [
    ...(flags['authSecret'] === undefined ? [] : ['DRUMLINE_AUTH_SECRET']),
    ...(flags['store'] !== undefined && store.driver === 'postgres' && hasPassword(store.url)
      ? ['DRUMLINE_STORE']
      : []),
    ...(flags['bus'] !== undefined && 'url' in bus && hasPassword(bus.url) ? ['DRUMLINE_BUS'] : []),
  ];
  for (const variable of given) {
    yield warning('secrets', `a flag shows a secret to all users of this machine; use ${variable} instead`);
  }
}

function hasPassword(url: string): boolean {
  return (URL.parse(url)?.password ?? '') !== '';
}
