/** The options and the help of `drumline emit`. */
import { Option, type Command } from 'commander';
import { LIMITS } from '../domain/limits.ts';
import type { CommandContext } from './context.ts';
import { CREDENTIALS_HELP } from './credentials.ts';
import { CliError, EXIT, exitCodesHelp } from './exit.ts';
import { decimal, urlOption, wholeNumber } from './options.ts';
import { findServerUrl } from './server-url.ts';

interface Flags {
  readonly url?: string;
  readonly file?: string;
  readonly task?: string;
  readonly type?: string;
  readonly component?: string;
  readonly stage?: string;
  readonly message?: string;
  readonly progress?: number;
  readonly details?: string;
  readonly eta?: string;
  readonly timestamp?: string;
  readonly eventId?: string;
  readonly batch: number;
  readonly rate?: number;
  readonly retrySeconds: number;
  readonly json?: boolean;
}

/** Flags of the one event, and the fields that they are. */
const EVENT_FLAGS = {
  task: 'taskId',
  type: 'eventType',
  component: 'component',
  stage: 'stage',
  message: 'message',
  progress: 'progress',
  details: 'details',
  eta: 'estimatedTimeRemaining',
  timestamp: 'timestamp',
  eventId: 'eventId',
} as const;
const REQUIRED = ['task', 'type', 'component', 'stage', 'message'] as const;
/** `--task` goes with a file, too: it stands in for what the lines say. */
const ONLY_WITHOUT_FILE = Object.keys(EVENT_FLAGS).filter((name) => name !== 'task');

export function addEmitCommand(program: Command, { run }: CommandContext): void {
  program
    .command('emit')
    .summary('send events')
    .description('Send one event, or a stream of them from a file or from standard input, one JSON object a line.')
    .addOption(urlOption())
    .addOption(new Option('-f, --file <path>', 'JSON lines to send; - for standard input').conflicts(ONLY_WITHOUT_FILE))
    .option('-t, --task <id>', 'the task; with --file: for every line, whatever it says itself')
    .optionsGroup('One event:')
    .option('--type <type>', 'e.g. TASK_STARTED, PROGRESS_UPDATE, WARNING, TASK_COMPLETED')
    .option('--component <name>', 'who reports it, e.g. camina')
    .option('--stage <stage>', 'PLANNING, DATA_GATHERING, ANALYSIS, SYNTHESIS, REVIEW, COMPLETE or FAILED')
    .option('--message <text>', 'what happened')
    .addOption(new Option('--progress <share>', "the component's own progress, 0 to 1").argParser(decimal(0, 1)))
    .option('--details <json>', 'a JSON object, kept as it is')
    .option('--eta <text>', 'estimated time remaining, kept as it is')
    .option('--timestamp <instant>', 'when it happened, e.g. 2026-11-23T06:37:34Z (default: now)')
    .option('--event-id <id>', 'makes repeating the command safe')
    .optionsGroup('How to send:')
    .addOption(
      new Option('--batch <count>', 'most events in one request')
        .argParser(wholeNumber(1, LIMITS.batchEvents))
        .default(100),
    )
    .addOption(
      new Option('--rate <count>', 'events a second, to play a recording').argParser(decimal(0.001, 1_000_000)),
    )
    .addOption(
      new Option('--retry-seconds <count>', 'how long to go on trying when no answer comes')
        .argParser(wholeNumber(0, 86_400))
        .default(60),
    )
    .option('--json', 'print what was recorded, one JSON object for each event')
    .action((flags: Flags) =>
      run(async (io) => {
        const url = findServerUrl(flags.url, io.env);
        const { file, task, batch, rate, retrySeconds, json } = flags;
        const fields = file === undefined ? readFields(flags) : undefined;
        const { runEmit } = await import('./emit.ts');
        return runEmit({ url, file, fields, taskId: task, maxBatch: batch, rate, retrySeconds, json }, io);
      }),
    )
    .addHelpText('after', HELP);
}

function readFields(flags: Flags): Readonly<Record<string, unknown>> {
  const missing = REQUIRED.filter((name) => flags[name] === undefined).map((name) => `--${name}`);
  if (missing.length === REQUIRED.length)
    throw new CliError(EXIT.usage, 'emit needs --file, or the flags of one event');
  if (missing.length > 0) throw new CliError(EXIT.usage, `emit needs ${missing.join(', ')}, too`);
  const fields = Object.entries(EVENT_FLAGS).map(([flag, field]) => [field, Reflect.get(flags, flag)] as const);
  return {
    ...Object.fromEntries(fields),
    eventType: flags.type?.toLowerCase(),
    stage: flags.stage?.toLowerCase(),
    details: flags.details === undefined ? undefined : readJson(flags.details),
  };
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CliError(EXIT.usage, '--details must be a JSON object', { cause: error });
  }
}

const HELP = `
Lines have the shape of the GraphQL input EmitEventInput (taskId, eventType: "TASK_STARTED", …) or are snake_case
(task_id, event_type: "task_started", …). A timestamp without a zone is read as UTC. A file is checked to its end
before anything is sent; standard input and pipes are sent as they come. Each line gets an event id from its words, so
sending a file again adds nothing twice.

Examples:
  drumline emit --task build-7 --type TASK_STARTED --component camina --stage PLANNING --message "Off we go"
  drumline emit --file run.jsonl
  drumline emit --file run.jsonl --task again-1 --rate 20
  my-agent | drumline emit --file -

${CREDENTIALS_HELP}

${exitCodesHelp([EXIT.ok, EXIT.usage, EXIT.badData, EXIT.unavailable, EXIT.internal, EXIT.interrupted])}`;
