/** The options and the help of `drumline doctor`: those of `serve`, for it examines what a server would be given. */
import type { Command } from 'commander';
import type { CommandContext } from './context.ts';
import { EXIT, exitCodesHelp } from './exit.ts';
import { addSettings } from './serve-command.ts';

export function addDoctorCommand(program: Command, { run }: CommandContext): void {
  const command = program
    .command('doctor')
    .summary('check the settings and the store')
    .description(
      'Check what a server would be given, with the same settings as serve, and say in one line each what is wrong and ' +
        'what to do. The store is read from end to end and never written; servers that own it go on meanwhile.',
    )
    .option('--quick', 'leave out the walk through all events');
  addSettings(command);
  command
    .action(({ quick, ...settings }: Readonly<Record<string, string | undefined>> & { readonly quick?: true }) =>
      run(async (io) => (await import('./doctor.ts')).runDoctor({ quick: quick === true, settings }, io)),
    )
    .addHelpText(
      'after',
      `
Marks: ✓ well, ! worth a look, ✗ wrong. Only what is wrong changes the exit code.

Examples:
  drumline doctor
  drumline doctor --quick --store sqlite:/var/lib/drumline/events.db
  DRUMLINE_STORE=postgres://drumline@db/drumline drumline doctor

${exitCodesHelp([EXIT.ok, EXIT.storeCorrupt, EXIT.unavailable, EXIT.config, EXIT.interrupted])}`,
    );
}
