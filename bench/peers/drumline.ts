/** How ours is started: the command that users run, with nothing but a port, a store and fewer log lines. */
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** @param store as for `--store`. */
export function drumlineCommand(store: string): readonly string[] {
  return [MAIN, 'serve', '--port', '0', '--store', store, '--log-level', 'warn'];
}
