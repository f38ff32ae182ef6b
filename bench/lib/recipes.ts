/** What stands behind a server's name: one process or several over one store, and what they need beside them. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startPostgres } from '../../test/support/postgres.ts';
import { startRedis } from '../../test/support/redis.ts';
import { drumlineCommand } from '../peers/drumline.ts';

export interface Recipe {
  /** What follows `node`, for each process. */
  readonly commands: readonly (readonly string[])[];
  readonly services?: Services;
}

/** Where they can be reached. */
export interface Services {
  readonly postgres?: string;
  readonly redis?: string;
  /** Whoever calls has to show a token that is signed with it. */
  readonly authSecret?: string;
}

/** @param beside what was started for it; disposed after its processes ended. */
type Prepare = (directory: string, beside: AsyncDisposableStack) => Recipe | Promise<Recipe>;

export const RECIPES = {
  'drumline sqlite': (directory) => one(drumlineCommand(`sqlite:${join(directory, 'bench.db')}`)),
  'drumline sqlite, tokens': (directory) => withTokens(`sqlite:${join(directory, 'bench.db')}`),
  'drumline memory': () => one(drumlineCommand('memory:')),
  'drumline postgres': (_, beside) => overPostgres(beside, 1),
  '2 × drumline postgres': (_, beside) => overPostgres(beside, 2),
  'drumline postgres + redis': (_, beside) => overPostgresWithRedis(beside, 1),
  '2 × drumline postgres + redis': (_, beside) => overPostgresWithRedis(beside, 2),
  yoga: () => one([peer('yoga')]),
  apollo: () => one([peer('apollo')]),
  mercurius: () => one([peer('mercurius')]),
  'mercurius jit': () => one([peer('mercurius'), '--jit']),
  'raw ws': () => one([peer('raw-ws')]),
  'graphql-ws alone': () => one([peer('graphql-ws')]),
  'raw sse': () => one([peer('raw-sse')]),
  'raw http': () => one([peer('raw-http')]),
  // The load process itself asks the database.
  'bare pg': async (_, beside) => ({
    commands: [],
    services: { postgres: beside.use(await startPostgres()).url },
  }),
} as const satisfies Record<string, Prepare>;

export type ServerName = keyof typeof RECIPES;

async function overPostgres(beside: AsyncDisposableStack, count: number): Promise<Recipe> {
  const { url } = beside.use(await startPostgres());
  return { commands: Array.from({ length: count }, () => drumlineCommand(url)), services: { postgres: url } };
}

async function overPostgresWithRedis(beside: AsyncDisposableStack, count: number): Promise<Recipe> {
  const { url: postgres } = beside.use(await startPostgres());
  const { url: redis } = beside.use(await startRedis());
  const command = [...drumlineCommand(postgres), '--bus', redis];
  return { commands: Array.from({ length: count }, () => command), services: { postgres, redis } };
}

/** Limits are counted, and so wide that none is met. */
function withTokens(store: string): Recipe {
  const authSecret = randomBytes(32).toString('hex');
  const wide = [
    '--max-connections-per-address',
    '--max-requests-per-second',
    '--max-emits-per-task',
    '--max-emits-per-viewer',
  ].flatMap((flag) => [flag, '10000000']);
  const command = [...drumlineCommand(store), '--auth-secret', authSecret, ...wide];
  return { commands: [command], services: { authSecret } };
}

function one(command: readonly string[]): Recipe {
  return { commands: [command] };
}

function peer(name: string): string {
  return fileURLToPath(new URL(`../peers/${name}.ts`, import.meta.url));
}
