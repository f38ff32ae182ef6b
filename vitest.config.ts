import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Files of `e2e` that mostly wait: for a browser, for a server that is away, or to see that nothing happens. */
const WAITING = [
  'balancer',
  'board-keys',
  'bus-faults',
  'dashboard-*',
  'idle-cost',
  'older-copy',
  'postgres-*',
  'revocation',
  'sigterm',
].map((name) => `test/e2e/${name}.test.ts`);

/**
 * Groups, one after the other. `unit` runs in parallel. `e2e` starts real servers, browsers and watchers and measures
 * time, so its files run one at a time, with the machine to themselves; those that mostly wait, two at a time.
 */
export default defineConfig({
  resolve: {
    // Vitest would load graphql's CommonJS build for us, and Node its ES build for libraries: two realms, and every
    // `instanceof GraphQLSchema` fails. One entry for both: Node's.
    alias: [{ find: /^graphql$/, replacement: fileURLToPath(import.meta.resolve('graphql')) }],
  },
  test: {
    // Most of the time of a short process is reading TypeScript; what was read once is kept for the next.
    env: { NODE_COMPILE_CACHE: join(tmpdir(), 'drumline-compile-cache') },
    // A group may be empty, the whole may not: a run without tests is a failure.
    passWithNoTests: false,
    // A `.only` left behind would turn the rest of the suite off.
    allowOnly: false,
    // A page, or a process, shows what was done to it a moment later.
    expect: { poll: { timeout: 10_000, interval: 20 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**'],
          // By itself it leaves one core free; on two cores nothing would run in parallel.
          maxWorkers: Math.max(2, availableParallelism() - 1),
          testTimeout: 30_000,
          hookTimeout: 30_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          exclude: WAITING,
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e-waiting',
          include: WAITING,
          globalSetup: 'test/support/build-dashboard.ts',
          maxWorkers: 2,
          testTimeout: 120_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
