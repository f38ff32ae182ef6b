/** What a document tells its reader to type, run as it stands there. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '../..');

export interface RunOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Where the programs are that the reader has; Node is always there. */
  readonly path?: readonly string[];
}

/** Runs the one block of commands of `file` that has `text` in it. */
export async function runDocumented(
  file: string,
  text: string,
  { cwd, env = {}, path = [] }: RunOptions,
): Promise<void> {
  const document = await readFile(join(ROOT, file), 'utf8');
  const blocks = Array.from(document.matchAll(/^```sh\n([\s\S]*?)^```$/gm), ([, block = '']) => block);
  const [block, ...more] = blocks.filter((each) => each.includes(text));
  if (block === undefined || more.length > 0) throw new Error(`${file} has not one block of commands with ${text}`);
  const PATH = [dirname(process.execPath), ...path, process.env['PATH']].join(delimiter);
  await promisify(execFile)('sh', ['-ec', block], { cwd, env: { ...process.env, PATH, ...env } });
}
