/**
 * Some promises can only be tested with a program of the operating system: a browser, Python, strace.
 * Where the program is there, the tests run. Where it is not, one line says what was skipped and how to get it,
 * so that a shorter run is never taken for a whole one. With DRUMLINE_REQUIRE_SYSTEM_PROGRAMS set (as `.ci/run` does)
 * a missing program is a failure.
 *
 *   const chromium = systemProgram('chromium', { debian: 'chromium' });
 *   describe.skipIf(!chromium.present)('EventSource in a browser', () => { spawn(chromium.path, …) });
 */
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { env, stderr } from 'node:process';

export interface SystemProgram {
  readonly name: string;
  readonly present: boolean;
  /** Absolute path. Throws when the program is absent: ask `present` first. */
  readonly path: string;
}

export interface SystemProgramOptions {
  /** The Debian package that brings it. */
  readonly debian: string;
  /** Other names it goes by, tried in order after its own. */
  readonly aliases?: readonly string[];
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Where the line about a skipped test goes. */
  readonly say?: (line: string) => void;
}

/** @throws Error when the program is absent and DRUMLINE_REQUIRE_SYSTEM_PROGRAMS is set. */
export function systemProgram(name: string, options: SystemProgramOptions): SystemProgram {
  const { debian, aliases = [], environment = env, say = writeLine } = options;
  const found = [name, ...aliases].map((each) => findOnPath(each, environment['PATH'] ?? '')).find(isFound);
  if (found !== undefined) return { name, present: true, path: found };

  const remedy = `${name} is not on the PATH; on Debian: apt-get install ${debian}`;
  if (isSet(environment['DRUMLINE_REQUIRE_SYSTEM_PROGRAMS'])) throw new Error(remedy);
  say(`Skipping the tests that need ${name}: ${remedy}`);
  return {
    name,
    present: false,
    get path(): string {
      throw new Error(remedy);
    },
  };
}

function findOnPath(name: string, path: string): string | undefined {
  return path
    .split(delimiter)
    .filter((directory) => directory !== '')
    .map((directory) => join(directory, name))
    .find(isExecutableFile);
}

function isExecutableFile(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function isFound(path: string | undefined): path is string {
  return path !== undefined;
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== '0';
}

function writeLine(line: string): void {
  stderr.write(`${line}\n`);
}
