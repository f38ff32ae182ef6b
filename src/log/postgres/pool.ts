/**
 * The connections that read. A read is one statement and so of one moment; what takes several runs in a transaction
 * that sees one. They only ever speak to the primary: what a replica does not have yet would look like a lost history.
 */
import { Pool, type PoolClient } from 'pg';
import { StoreUnavailableError } from '../../domain/errors.ts';
import { askerOf, connectConfig, type Ask, type ConnectOptions } from './connection.ts';
import { ConnectionError, endsSession, toClientError, toLogError } from './errors.ts';

export interface ReadPool extends AsyncDisposable {
  /** One statement. @throws StoreUnavailableError, StoreCorruptError */
  readonly ask: Ask;
  /** On one connection, each statement for itself. */
  inRead<Result>(operation: (ask: Ask) => Promise<Result>): Promise<Result>;
  /** All statements of `operation` see one state of the database. */
  inSnapshot<Result>(operation: (ask: Ask) => Promise<Result>): Promise<Result>;
  /** A transaction that writes; rolled back when `operation` throws. */
  inTransaction<Result>(operation: (ask: Ask) => Promise<Result>): Promise<Result>;
}

const MAX_CONNECTIONS = 8;
/** How long a connection that nobody uses is kept. */
const IDLE_MS = 60_000;
const SNAPSHOT = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY';
const TRANSACTION = 'BEGIN ISOLATION LEVEL READ COMMITTED';

export function createReadPool(options: ConnectOptions): ReadPool {
  let isOpen = true;
  let breakCount = 0;
  const pool = new Pool({
    ...connectConfig(options),
    max: MAX_CONNECTIONS,
    idleTimeoutMillis: IDLE_MS,
    verify(client, done) {
      const text = 'SELECT pg_is_in_recovery() AS standby';
      client.query<{ readonly standby: boolean }>(text, [], (error: Error | null, result) => {
        const isStandby = error === null && result.rows[0]?.standby === true;
        done(isStandby ? new ConnectionError('the server is a standby') : (error ?? undefined));
      });
    },
  });
  /** How many had broken when it was made. */
  const breaksAtStart = new WeakMap<PoolClient, number>();
  pool.on('connect', (client) => {
    breaksAtStart.set(client, breakCount);
    // Whoever asks is told; but an error that nobody listens for ends the process, and the pool does not always listen.
    client.on('error', () => undefined);
  });
  // A connection that broke while nobody used it; the next read takes another one.
  pool.on('error', () => (breakCount += 1));

  /**
   * What broke one may have silenced those that were made before: each would be waited for in vain, one after the other.
   * So they are not used again.
   */
  async function connect(): Promise<PoolClient> {
    for (let distrusted = 0; ; distrusted += 1) {
      const client = await pool.connect();
      if (breaksAtStart.get(client) === breakCount || distrusted >= MAX_CONNECTIONS) return client;
      client.connection.stream.destroy();
      client.release(true);
    }
  }

  async function withConnection<Result>(operation: (ask: Ask) => Promise<Result>): Promise<Result> {
    if (!isOpen) throw new StoreUnavailableError('FAILED');
    const client = await connect().catch((error: unknown) => {
      throw toClientError(error);
    });
    let isBroken = true;
    try {
      const result = await operation(askerOf(client));
      isBroken = false;
      return result;
    } catch (error) {
      isBroken = endsSession(error);
      if (isBroken) breakCount += 1;
      throw error;
    } finally {
      client.release(isBroken);
    }
  }

  async function within<Result>(begin: string, operation: (ask: Ask) => Promise<Result>): Promise<Result> {
    let isCommitting = false;
    return withConnection(async (ask) => {
      await ask(begin);
      try {
        const result = await operation(ask);
        isCommitting = true;
        await ask('COMMIT');
        return result;
      } catch (error) {
        if (!endsSession(error)) await ask('ROLLBACK');
        throw error;
      }
    }).catch((error: unknown) => {
      throw toLogError(error, isCommitting && endsSession(error) ? 'UNKNOWN' : 'FAILED');
    });
  }

  async function inRead<Result>(operation: (ask: Ask) => Promise<Result>): Promise<Result> {
    try {
      return await withConnection(operation);
    } catch (error) {
      throw toLogError(error, 'FAILED');
    }
  }

  return {
    inRead,
    ask: (statement, values) => inRead((ask) => ask(statement, values)),
    inSnapshot: (operation) => within(SNAPSHOT, operation),
    inTransaction: (operation) => within(TRANSACTION, operation),
    async [Symbol.asyncDispose]() {
      if (!isOpen) return;
      isOpen = false;
      await pool.end();
    },
  };
}
