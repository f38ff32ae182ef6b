/**
 * One connection for one writer, made when it is needed and made anew when it broke. Statements are sent without
 * waiting for the answers of those before, so a transaction costs as many round trips as it has questions, not as it
 * has statements.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { askerOf, connectConfig, type Ask, type ConnectOptions } from './connection.ts';
import { toClientError } from './errors.ts';

export interface Session extends AsyncDisposable {
  /** @throws ConnectionError, DatabaseError: there is none. */
  ask(): Promise<Ask>;
  /** Nothing is sent over the present connection any more; the server rolls back what it was in. */
  drop(): void;
}

const GOODBYE_MS = 1_000;

export function createSession(options: ConnectOptions): Session {
  let current: { readonly client: Client; readonly ask: Ask } | undefined;

  function drop(): void {
    const dropped = current?.client;
    current = undefined;
    // Not `end`, which waits for what was asked.
    dropped?.connection.stream.destroy();
  }

  async function connect(): Promise<Ask> {
    const client = new Client({ ...connectConfig(options), pipeline: true });
    const forget = (): void => {
      if (current?.client === client) current = undefined;
    };
    client.on('error', forget);
    client.on('end', forget);
    try {
      await client.connect();
    } catch (error) {
      client.connection.stream.destroy();
      throw toClientError(error);
    }
    const ask = inOneWrite(client, askerOf(client));
    current = { client, ask };
    return ask;
  }

  return {
    ask: async () => current?.ask ?? connect(),
    drop,
    async [Symbol.asyncDispose]() {
      const ending = current?.client;
      current = undefined;
      if (ending === undefined) return;
      // A server that does not answer would keep it for minutes.
      await Promise.race([ending.end(), delay(GOODBYE_MS, undefined, { ref: false })]);
      ending.connection.stream.destroy();
    },
  };
}

/** What is asked in one turn goes out in one write: each write is a call of the system, and wakes the server. */
function inOneWrite(client: Client, ask: Ask): Ask {
  let isCorked = false;
  return (statement, values) => {
    if (!isCorked) {
      isCorked = true;
      const { stream } = client.connection;
      stream.cork();
      process.nextTick(() => {
        isCorked = false;
        stream.uncork();
      });
    }
    return ask(statement, values);
  };
}
