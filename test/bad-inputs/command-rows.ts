/** Settings with which no server may start. */
import type { Row } from './row.ts';
import type { CommandSent } from './run-command.ts';

type CommandRow = Row<CommandSent>;
type More = Omit<Partial<CommandRow>, 'sent'> & Pick<CommandSent, 'isProcess'>;

const refused = (key: string): string => `exit 78, one line that names ${key}`;

function flag(row: number, name: string, value: string, { isProcess = false, ...more }: More = {}): CommandRow {
  const what = `\`${`${name} ${value}`.replaceAll('$', '').trimEnd()}\``;
  return { row, what, sent: { args: [name, value], isProcess }, expected: refused(name), ...more };
}

function variable(row: number, name: string, value: string, more: Partial<CommandRow> = {}): CommandRow {
  const what = `\`${name}=${value.replaceAll('$', '')}\``;
  return { row, what, sent: { args: [], env: { [name]: value } }, expected: refused(name), ...more };
}

const NOBODY = 'postgres://root:$PASSWORD@127.0.0.1:1/x';

export const COMMAND_ROWS: readonly CommandRow[] = [
  variable(102, 'PORT', 'abc'),
  variable(102, 'DRUMLINE_PORT', '70000'),
  flag(102, '--port', '-1'),
  flag(102, '--port', '1e3'),
  flag(102, '--port', '70000', { isProcess: true }),
  flag(102, '--port', '$PORT', { what: 'a port that is in use' }),
  flag(102, '--max-body-bytes', '0'),
  flag(102, '--max-body-bytes', '-1'),
  flag(102, '--max-body-bytes', 'NaN'),
  flag(102, '--max-body-bytes', '10GB'),
  flag(102, '--max-requests-per-second', 'Infinity'),
  flag(102, '--retention-hours', '-1'),
  flag(102, '--log-level', 'loud'),
  flag(102, '--production', 'yes'),
  flag(102, '--prot', '4000', { what: 'an option that there is not' }),
  variable(103, 'DRUMLINE_AUTH_SECRET', '$PASSWORD', { what: 'a secret of 20 bytes' }),
  flag(103, '--auth-secret', '$PASSWORD', { what: 'a secret of 20 bytes, as a flag', isProcess: true }),
  flag(103, '--auth-keys', '$DIRECTORY/nowhere.json', { what: 'a key file that is not there' }),
  flag(103, '--auth-keys', '$DIRECTORY', { what: 'a directory as the key file' }),
  flag(103, '--auth-keys', '$NOTES', { what: 'a key file that holds something else' }),
  flag(103, '--auth-public-keys', '$DIRECTORY/nowhere.pem', { what: 'public keys that are not there' }),
  flag(103, '--auth-public-keys', '$NOTES', { what: 'public keys that are none' }),
  flag(103, '--auth-public-keys', 'http://keys.example/', { what: 'public keys over http, from elsewhere' }),
  flag(103, '--auth-public-keys', 'https:', { what: 'a URL of public keys that is none' }),
  flag(104, '--store', NOBODY, { what: 'a Postgres that does not answer' }),
  flag(104, '--store', 'postgres://root:$PASSWORD@db /x', { what: 'a URL of Postgres that is none' }),
  flag(104, '--store', 'mysql://root:$PASSWORD@db/x', { what: 'a store that there is not', isProcess: true }),
  flag(104, '--bus', 'redis:', { what: 'a URL of Redis that is none' }),
  flag(104, '--bus', 'redis://root:$PASSWORD%@redis/', { what: 'a URL of Redis with a stray `%`' }),
  flag(104, '--bus', 'nats://root:$PASSWORD@bus', { what: 'a bus that there is not' }),
  flag(105, '--store', 'sqlite:$DIRECTORY/nowhere/a.db', { what: 'a store in a directory that is not there' }),
  flag(105, '--store', 'sqlite:$DIRECTORY', { what: 'a directory as the store' }),
  flag(105, '--store', 'sqlite:$NOTES', { what: 'a file as the store that is none' }),
  flag(105, '--store', 'sqlite:$HELD', { what: 'the store of another server', isProcess: true, to: 'slow' }),
  flag(106, '--allowed-origins', '*'),
  flag(106, '--allowed-origins', 'https://a.example/path'),
  flag(106, '--host', '0.0.0.0', {
    what: 'another address than this machine, and nobody asked who they are',
    isProcess: true,
  }),
];
