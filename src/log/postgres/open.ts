/**
 * Opening the store: the tables are made or brought up to date, by one server while the others wait, and a database
 * that cannot keep what is acknowledged, or that a newer version has written, is refused with one clear line. No
 * message holds the URL, which holds a password.
 */
import { randomUUID } from 'node:crypto';
import { Client, type DatabaseError } from 'pg';
import { nextHash } from '../record.ts';
import { StoreUnusableError } from '../stored/open-error.ts';
import { numberOf, textOf } from '../stored/rows.ts';
import { askerOf, connectConfig, type Ask } from './connection.ts';
import { sqlState } from './errors.ts';
import { MIGRATIONS } from './schema.ts';

export interface OpenOptions {
  readonly url: string;
  /** Go on although a setting of the server lets acknowledged events get lost. */
  readonly acceptWeakerDurability: boolean;
}

/** How long one server waits for another to finish its migrations. */
const MIGRATION_MS = 60_000;
/** Any number, as long as it stays the same: "Drum". */
const MIGRATION_LOCK = 0x44_72_75_6d;
/** Each of them, when off, may lose what was acknowledged: the first in any crash, the others in one of the machine. */
const DURABILITY = ['synchronous_commit', 'fsync', 'full_page_writes'] as const;
const OLDEST_SERVER = 140_000;

/** @returns whether everything that is acknowledged survives a loss of power. @throws StoreUnusableError */
export function prepareStore({ url, acceptWeakerDurability }: OpenOptions): Promise<boolean> {
  return withClient(url, async (ask) => {
    const weak = await checkServer(ask, acceptWeakerDurability);
    await migrate(ask);
    return weak.length === 0;
  });
}

/**
 * To look at it only: nothing is made and nothing brought up to date.
 * @returns the format of its tables, 0 when there are none. @throws StoreUnusableError
 */
export function reviewStore({ url, acceptWeakerDurability }: OpenOptions): Promise<number> {
  return withClient(url, async (ask) => {
    await checkServer(ask, acceptWeakerDurability);
    const version = await versionOf(ask);
    refuseNewer(version);
    return version;
  });
}

async function withClient<Result>(url: string, operation: (ask: Ask) => Promise<Result>): Promise<Result> {
  let client: Client | undefined;
  try {
    const config = connectConfig({ url, lockMs: MIGRATION_MS });
    client = new Client({ ...config, query_timeout: MIGRATION_MS, statement_timeout: MIGRATION_MS });
    client.on('error', () => undefined);
    await client.connect();
    return await operation(askerOf(client));
  } catch (error) {
    throw toOpenError(error);
  } finally {
    await client?.end();
  }
}

async function checkServer(ask: Ask, acceptWeakerDurability: boolean): Promise<readonly string[]> {
  const settings = DURABILITY.map((name) => `current_setting('${name}') AS ${name}`).join(', ');
  const text = `SELECT current_setting('server_version_num')::integer AS version, pg_is_in_recovery() AS standby,
    current_setting('server_encoding') AS encoding, ${settings}`;
  const [row = {}] = await ask(text);
  if (numberOf(row, 'version') < OLDEST_SERVER) throw new StoreUnusableError('Postgres 14 or newer is needed');
  if (row['encoding'] !== 'UTF8') {
    throw new StoreUnusableError(`the database has the encoding ${textOf(row, 'encoding')}; it must be UTF8`);
  }
  if (row['standby'] === true) throw new StoreUnusableError('the server is a standby; events go to the primary');
  const weak = DURABILITY.filter((name) => row[name] === 'off').map((name) => `${name}=off`);
  if (weak.length === 0 || acceptWeakerDurability) return weak;
  const advice = 'set it on, or accept that with --accept-weaker-durability true';
  throw new StoreUnusableError(`the server has ${weak.join(', ')}, so acknowledged events may be lost; ${advice}`);
}

/** Whoever holds the lock does what is missing; the others find it done. */
async function migrate(ask: Ask): Promise<void> {
  await ask('BEGIN ISOLATION LEVEL READ COMMITTED');
  await ask(`SELECT pg_advisory_xact_lock(${MIGRATION_LOCK})`);
  const version = await versionOf(ask);
  refuseNewer(version);
  for (const step of MIGRATIONS.slice(version)) await ask(step);
  if (version === 0) await begin(ask);
  await ask({ name: '', text: 'UPDATE drumline_store SET version = $1 WHERE version < $1' }, [MIGRATIONS.length]);
  await ask('COMMIT');
}

function refuseNewer(version: number): void {
  if (version <= MIGRATIONS.length) return;
  const versions = `it has format ${version}, this version reads up to ${MIGRATIONS.length}`;
  throw new StoreUnusableError(`the database was written by a newer version: ${versions}`);
}

async function versionOf(ask: Ask): Promise<number> {
  const [found] = await ask(`SELECT to_regclass('drumline_store') IS NOT NULL AS known`);
  if (found?.['known'] !== true) return 0;
  const [row = {}] = await ask('SELECT version FROM drumline_store');
  return numberOf(row, 'version');
}

/** The random id of this store is the seed of its stream of observations. */
async function begin(ask: Ask): Promise<void> {
  const seed = nextHash('', randomUUID());
  const text = `INSERT INTO drumline_store (version, observation_seed, observation_seq, observation_hash,
    observation_recorded_at) VALUES ($1, $2, 0, $2, 0)`;
  await ask({ name: '', text }, [MIGRATIONS.length, seed]);
}

function toOpenError(error: unknown): unknown {
  if (error instanceof StoreUnusableError || !(error instanceof Error)) return error;
  const code = sqlState(error) || codeOf(error);
  const reason = REASONS.get(code) ?? `it does not answer as it should (${code || error.name})`;
  return new StoreUnusableError(`the database cannot be used: ${reason}`, { cause: error });
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ['28P01', 'the user or the password is wrong'],
  ['28000', 'the user may not connect'],
  ['3D000', 'there is no database of that name'],
  ['3F000', 'there is no schema to make the tables in'],
  ['42501', 'the user may not make or use the tables'],
  ['53300', 'the server has no connection left'],
  ['57P03', 'the server is starting or stopping'],
  ['ECONNREFUSED', 'nothing listens at that address'],
  ['ENOTFOUND', 'there is no such host'],
  ['ETIMEDOUT', 'the host does not answer'],
]);

/** Of the operating system. */
function codeOf(error: Error | DatabaseError): string {
  const { cause } = error;
  const source = cause instanceof Error ? cause : error;
  return 'code' in source && typeof source.code === 'string' ? source.code : '';
}
