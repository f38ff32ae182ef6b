/** What a command may touch of the process it runs in; a test passes its own. */

import type { Readable } from 'node:stream';

export interface Output {
  /** False: wait for `drain` before writing more. */
  write(text: string): boolean;
  once(event: 'drain' | 'close', listener: () => void): unknown;
  on(event: 'resize', listener: () => void): unknown;
  off(event: 'resize' | 'drain' | 'close', listener: () => void): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

export interface CliIo {
  readonly stdin: Readable;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted when the user interrupts. */
  readonly signal: AbortSignal;
}

/** Write one line, and wait when the reader of our output is slow. */
export async function writeLine(output: Output, line: string): Promise<void> {
  if (output.write(`${line}\n`)) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      output.off('drain', done);
      output.off('close', done);
      resolve();
    };
    output.once('drain', done);
    output.once('close', done);
  });
}

/** One JSON object a line. JSON allows the controls of U+007F to U+009F as they are, but a terminal obeys them. */
export function writeJson(output: Output, value: object): Promise<void> {
  const json = JSON.stringify(value).replaceAll(
    /[\u007f-\u009f]/g,
    (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return writeLine(output, json);
}

/** Whether lines may be redrawn in place. */
export function isLive(output: Output, env: CliIo['env']): boolean {
  return output.isTTY === true && env['TERM'] !== 'dumb';
}

/**
 * https://no-color.org and https://force-color.org: any value but the empty one turns colour off, or on where there is
 * no terminal. Of both, FORCE_COLOR counts, as for Node itself; 0 or false of it turns off.
 */
export function hasColour(output: Output, env: CliIo['env']): boolean {
  const forced = env['FORCE_COLOR'] ?? '';
  if (forced !== '') return forced !== '0' && forced !== 'false';
  return isLive(output, env) && (env['NO_COLOR'] ?? '') === '';
}
