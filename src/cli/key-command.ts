/** The options and the help of `drumline key`: the API keys that a server accepts, and what was revoked. */
import { Option, type Command } from 'commander';
import type { CommandContext } from './context.ts';
import { CliError, EXIT, exitCodesHelp } from './exit.ts';
import type { CliIo } from './io.ts';

interface Flags {
  readonly file?: string;
  readonly grant?: readonly string[];
}

export function addKeyCommand(program: Command, { run }: CommandContext): void {
  const key = program
    .command('key')
    .summary('make, list and remove API keys')
    .description(
      'The API keys that a server accepts. They are in a file that the server reads again when it changes\n' +
        '(drumline serve --auth-keys FILE), as hashes: a key is shown once, when it is made.',
    )
    .addHelpText('after', HELP);
  key
    .command('add')
    .description('Make a key, and print it.')
    .argument('<id>', 'what to call it: lower-case letters, digits and -')
    .addOption(fileOption())
    .requiredOption('-g, --grant <grant>', 'emit:*, read:run-42, admin:team-a/* …; may be given again', collect)
    .action((id: string, flags: Flags) =>
      run(async (io) => (await import('./key.ts')).addKey({ ...flags, id, path: findFile(flags, io.env) }, io)),
    );
  key
    .command('list')
    .description('The keys there are, and what they grant.')
    .addOption(fileOption())
    .action((flags: Flags) => run(async (io) => (await import('./key.ts')).listKeys(findFile(flags, io.env), io)));
  key
    .command('remove')
    .description('Remove a key. Its streams, and those of tokens that it gave out, end within seconds.')
    .argument('<id>', 'the key')
    .addOption(fileOption())
    .action((id: string, flags: Flags) =>
      run(async (io) => (await import('./key.ts')).removeKey({ id, path: findFile(flags, io.env) }, io)),
    );
  key
    .command('revoke')
    .description('Revoke a token by its id. Its streams end within seconds.')
    .argument('<token-id>', 'the id that it was given out with (its jti)')
    .addOption(fileOption())
    .action((id: string, flags: Flags) =>
      run(async (io) => (await import('./key.ts')).revokeToken({ id, path: findFile(flags, io.env) }, io)),
    );
}

function fileOption(): Option {
  return new Option('-f, --file <path>', 'the key file, or DRUMLINE_AUTH_KEYS');
}

function findFile({ file }: Flags, env: CliIo['env']): string {
  const path = file ?? env['DRUMLINE_AUTH_KEYS'] ?? '';
  if (path === '') throw new CliError(EXIT.usage, 'key needs --file, or DRUMLINE_AUTH_KEYS');
  return path;
}

function collect(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, value];
}

const HELP = `
A grant is an action and the tasks it goes for: one id, ids that begin so (team-a/*), or all (*).
  emit     begin tasks, record events, publish observations
  read     a task, its progress, its log and its streams
  observe  observations
  admin    all of that, delete a task, and give out tokens for it

Examples:
  drumline key add agents --grant 'emit:*' --file keys.json
  drumline key add backend --grant 'admin:team-a/*' --file keys.json
  drumline serve --auth-keys keys.json
  DRUMLINE_TOKEN=drumline_agents_… drumline emit --file run.jsonl

${exitCodesHelp([EXIT.ok, EXIT.usage, EXIT.badData])}`;
