/** The options and the help of `drumline demo`. */
import { Option, type Command } from 'commander';
import type { CommandContext } from './context.ts';
import { CREDENTIALS_HELP } from './credentials.ts';
import { EXIT, exitCodesHelp } from './exit.ts';
import { decimal, urlOption, wholeNumber } from './options.ts';
import { findServerUrl } from './server-url.ts';

interface Flags {
  readonly url?: string;
  readonly task?: string;
  readonly watch?: boolean;
  readonly fail?: boolean;
  readonly tasks: number;
  readonly speed: number;
  readonly seed: number;
}

export function addDemoCommand(program: Command, { run }: CommandContext): void {
  program
    .command('demo')
    .summary('play a run to look at')
    .description('Play a believable run of twenty seconds: several components, warnings, a failure, a happy end.')
    .addOption(urlOption())
    .option('-w, --watch', 'watch it here')
    .option('--fail', 'let every task fail')
    .option('-t, --task <id>', 'the id to play it under (default: a new one); of several, each adds its number')
    .addOption(
      new Option('--tasks <count>', 'several runs at once, of which the last one fails')
        .argParser(wholeNumber(1, 50))
        .default(1),
    )
    .addOption(new Option('--speed <factor>', '2 is twice as fast').argParser(decimal(0.01, 1_000)).default(1))
    .addOption(
      new Option('--seed <number>', 'another one tells it a little differently')
        .argParser(wholeNumber(0, 2 ** 31))
        .default(1),
    )
    .action(({ url, task, watch = false, fail = false, tasks, speed, seed }: Flags) =>
      run(async (io) => {
        const { runDemo } = await import('./demo.ts');
        const taskId = task ?? `demo-${Date.now().toString(36)}`;
        return runDemo({ url: findServerUrl(url, io.env), taskId, tasks, seed, speed, fails: fail, watch }, io);
      }),
    )
    .addHelpText('after', HELP);
}

const HELP = `
It needs a server: drumline serve --store memory:

Examples:
  drumline demo --watch
  drumline demo --watch --tasks 3
  drumline demo --fail --speed 4

${CREDENTIALS_HELP}

${exitCodesHelp([EXIT.ok, EXIT.usage, EXIT.unavailable, EXIT.internal, EXIT.interrupted])}`;
