/** The peers are a package of their own, installed when the bench first runs: nobody else has to download them. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const BENCH = fileURLToPath(new URL('../', import.meta.url));
const LOCK = `${BENCH}package-lock.json`;
/** A copy of the lock file that was installed from. */
const INSTALLED = `${BENCH}node_modules/.installed-lock.json`;

export function installPeers(say: (line: string) => void): void {
  if (existsSync(INSTALLED) && readFileSync(INSTALLED, 'utf8') === readFileSync(LOCK, 'utf8')) return;
  say('installing the peers: npm ci in bench/');
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts'], { cwd: BENCH, stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error('the peers could not be installed');
  copyFileSync(LOCK, INSTALLED);
}
