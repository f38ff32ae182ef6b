/**
 * How this program connects, and how it asks. Every wait ends: connecting, a statement, a lock, a transaction that its
 * client forgot. Statements are prepared once for each connection, under their names.
 */
import { types, type Client, type ClientConfig, type CustomTypesConfig } from 'pg';
import type { Row } from '../stored/rows.ts';
import { toClientError } from './errors.ts';

export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** Runs one statement. @throws DatabaseError (the server's answer), ConnectionError (none came) */
export type Ask = (statement: Statement | string, values?: readonly unknown[]) => Promise<readonly Row[]>;

export interface ConnectOptions {
  readonly url: string;
  /** How long a statement waits for a lock, milliseconds. */
  readonly lockMs: number;
}

const CONNECT_MS = 1_500;
const STATEMENT_MS = 2_000;
/** A server that is paused in the middle of an append holds its locks no longer. */
const IDLE_IN_TRANSACTION_MS = 2_000;
const KEEP_ALIVE_MS = 10_000;
const INT8 = 20;

/** Every number of ours fits a double. */
const TYPES: CustomTypesConfig = Object.freeze({
  getTypeParser: ((oid: number, format?: 'text'): unknown =>
    oid === INT8 ? Number : types.getTypeParser(oid, format)) as typeof types.getTypeParser,
});

/**
 * Each statement reads few rows through an index. The planner, which sees neither how short the lists are nor how long
 * the tables will be, is not to think otherwise.
 */
const PLANNING = '-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off';

export function connectConfig({ url, lockMs }: ConnectOptions): ClientConfig {
  return {
    ...withPlanning(url),
    application_name: 'drumline',
    types: TYPES,
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: STATEMENT_MS,
    // The server's own limit comes after ours: it is for those whose client is gone.
    statement_timeout: 2 * STATEMENT_MS,
    lock_timeout: lockMs,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
  };
}

/** What the URL says wins over everything beside it, so this goes into the URL, if it is one that can be read here. */
function withPlanning(url: string): ClientConfig {
  const whole = URL.parse(url);
  if (whole === null) return { connectionString: url, options: PLANNING };
  const own = whole.searchParams.get('options');
  whole.searchParams.set('options', own === null ? PLANNING : `${own} ${PLANNING}`);
  return { connectionString: whole.href };
}

/** For a connection that one caller has for itself. */
export function askerOf(client: Pick<Client, 'query'>): Ask {
  return async (statement, values = []) => {
    try {
      const query = typeof statement === 'string' ? { text: statement } : { ...statement, values: [...values] };
      return (await client.query<Row>(query)).rows;
    } catch (error) {
      throw toClientError(error);
    }
  };
}
