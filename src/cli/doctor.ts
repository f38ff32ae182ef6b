/**
 * `drumline doctor`: what is wrong with a server before, or while, it runs, in the order in which it would matter: the
 * settings, who may come in, the store. Each line says what to do; no line holds a secret.
 */
import { ConfigError, parseConfig, type Config } from '../config.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { checkAccess } from './doctor-access.ts';
import { checkStore } from './doctor-store.ts';
import { failed, findingLine, good, type Finding } from './finding.ts';
import { hasColour, writeLine, type CliIo } from './io.ts';
import { createPaint } from './look.ts';

interface DoctorFlags {
  readonly quick: boolean;
  /** By setting name. */
  readonly settings: Readonly<Record<string, string | undefined>>;
}

/** The worst first: it is what the command ends with. */
const WORST: readonly ExitCode[] = [EXIT.interrupted, EXIT.storeCorrupt, EXIT.config, EXIT.unavailable];

export async function runDoctor({ quick, settings }: DoctorFlags, io: CliIo): Promise<ExitCode> {
  const paint = createPaint(hasColour(io.stdout, io.env));
  const exits = new Set<ExitCode>();
  for await (const finding of examine({ quick, settings }, io)) {
    if (finding.exit !== undefined) exits.add(finding.exit);
    await writeLine(io.stdout, findingLine(finding, paint));
  }
  return WORST.find((code) => exits.has(code)) ?? EXIT.ok;
}

async function* examine({ quick, settings }: DoctorFlags, io: CliIo): AsyncGenerator<Finding, void> {
  const read = readConfig(settings, io.env);
  if (Array.isArray(read)) {
    yield* read;
    return;
  }
  yield good('settings', 'all of them can be used');
  yield* checkAccess(read, settings);
  yield* checkStore({ config: read, quick }, io);
}

/** @returns what is wrong instead, a line for each setting. */
function readConfig(flags: DoctorFlags['settings'], env: CliIo['env']): Config | Finding[] {
  try {
    return parseConfig({ flags, env });
  } catch (error) {
    if (error instanceof ConfigError) return error.lines.map((line) => failed('settings', EXIT.config, line));
    throw error;
  }
}
