/**
 * What runs where one machine is not enough: several real servers in processes of their own, over one real Postgres.
 * Each server's sessions carry its name in Postgres, so that a test can ask what one of them holds there.
 */
import { startPostgres, type PostgresServer } from './postgres.ts';
import { startServer, type ServerOptions, type ServerProcess } from './server-process.ts';

export interface ServersOptions {
  readonly servers: number;
  /** Of Postgres, such as `shared_preload_libraries=pg_stat_statements`. */
  readonly settings?: readonly string[];
  /** Of each server, as for `drumline serve`. */
  readonly args?: readonly string[];
}

export interface Member extends ServerProcess {
  /** Its `application_name` in `pg_stat_activity`. */
  readonly name: string;
}

export interface RunningServers extends AsyncDisposable {
  readonly postgres: PostgresServer;
  readonly members: readonly Member[];
  /** Those that answer at the moment; a test that ends one says so. */
  member(index: number): Member;
}

export async function startServers({ servers, settings = [], args = [] }: ServersOptions): Promise<RunningServers> {
  await using owned = new AsyncDisposableStack();
  const postgres = owned.use(await startPostgres({ settings }));
  const url = await postgres.freshUrl();
  const starts = Array.from({ length: servers }, async (_, index) => {
    const name = `server-${index + 1}`;
    const options: ServerOptions = { store: `${url}&application_name=${name}`, args };
    return Object.assign(owned.use(await startServer(options)), { name });
  });
  // Those that are ready after one has failed are ended as well.
  await Promise.allSettled(starts);
  const members = await Promise.all(starts);
  const resources = owned.move();
  return {
    postgres,
    members,
    member(index) {
      const found = members[index % members.length];
      if (found === undefined) throw new RangeError('there is no server');
      return found;
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
