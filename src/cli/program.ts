/** The command line as a whole: commands, options, help, and how each ends. The commands are loaded when called. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { escapeControls } from '../util/terminal-text.ts';
import type { CommandContext } from './context.ts';
import { addDemoCommand } from './demo-command.ts';
import { addDoctorCommand } from './doctor-command.ts';
import { addEmitCommand } from './emit-command.ts';
import { CliError, EXIT, exitCodesHelp, type ExitCode } from './exit.ts';
import type { CliIo } from './io.ts';
import { addKeyCommand } from './key-command.ts';
import { addServeCommand } from './serve-command.ts';
import { addTokenCommand } from './token-command.ts';
import { addWatchCommand } from './watch-command.ts';

export interface CliHost extends Omit<CliIo, 'signal'> {
  /** Calls back when the user interrupts. @returns how to stop listening. */
  readonly onInterrupt: (listener: () => void) => () => void;
}

/** @param argv without the program's own name. @returns undefined for a server that now runs. Never throws. */
export async function runCli(argv: readonly string[], host: CliHost): Promise<ExitCode | undefined> {
  let exitCode: ExitCode | undefined;
  const context: CommandContext = {
    io: host,
    async run(command) {
      const controller = new AbortController();
      const stopListening = host.onInterrupt(() => controller.abort());
      try {
        exitCode = await command({ ...host, signal: controller.signal });
      } finally {
        stopListening();
      }
    },
  };
  try {
    await createProgram(context).parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    return report(error, argv, host);
  }
}

function createProgram(context: CommandContext): Command {
  const { io } = context;
  const program = new Command('drumline')
    .description('Live progress for multi-agent tasks: a GraphQL server, and tools to send to it and to watch it.')
    .version(readVersion(), '-v, --version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help for a command')
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      outputError: (text, write) => write(`drumline: ${oneLine(text)}\n`),
      getOutHelpWidth: () => io.stdout.columns ?? 100,
      getErrHelpWidth: () => io.stderr.columns ?? 100,
    });
  // Commands take over the settings above from here.
  addServeCommand(program, context);
  addDoctorCommand(program, context);
  addEmitCommand(program, context);
  addWatchCommand(program, context);
  addDemoCommand(program, context);
  addKeyCommand(program, context);
  addTokenCommand(program, context);
  return program.addHelpText(
    'after',
    `
Try it, in two terminals:
  drumline serve --store memory:
  drumline demo --watch

${exitCodesHelp(Object.values(EXIT))}`,
  );
}

function report(error: unknown, argv: readonly string[], { stderr }: CliHost): ExitCode {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.ok;
    // For a server, and for what examines one, every option is a setting.
    return argv[0] === 'serve' || argv[0] === 'doctor' ? EXIT.config : EXIT.usage;
  }
  if (error instanceof CliError) {
    stderr.write(`drumline: ${error.message.split('\n').map(escapeControls).join('\n')}\n`);
    return error.exitCode;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  stderr.write(`drumline: a fault of the program; please report it.\n${text}\n`);
  return EXIT.internal;
}

function oneLine(text: string): string {
  return escapeControls(
    text
      .trim()
      .replace(/^error: /, '')
      .replaceAll('\n', ' '),
  );
}

function readVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const manifest: unknown = JSON.parse(text);
  const isManifest = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return isManifest ? String(manifest.version) : 'unknown';
}
