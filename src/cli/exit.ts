/** How a command ends. The numbers are part of the command line's contract; scripts rely on them. */
import { ConnectionFailedError, OperationFailedError } from '../client/errors.ts';

export const EXIT = Object.freeze({
  ok: 0,
  taskFailed: 1,
  storeCorrupt: 3,
  usage: 64,
  badData: 65,
  unavailable: 69,
  internal: 70,
  config: 78,
  interrupted: 130,
} as const);

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const EXIT_MEANINGS: Readonly<Record<ExitCode, string>> = Object.freeze({
  [EXIT.ok]: 'all went well; watch: every task completed',
  [EXIT.taskFailed]: 'watch: a task failed',
  [EXIT.storeCorrupt]: 'serve, doctor: the store is damaged',
  [EXIT.usage]: 'wrong command, option or argument',
  [EXIT.badData]: 'bad input; the line says which and why',
  [EXIT.unavailable]: 'the server cannot be reached or does not serve this; doctor: the store cannot be used',
  [EXIT.internal]: 'a fault of the program, or of the server',
  [EXIT.config]: 'serve: wrong setting, or a store or port that cannot be used; doctor: wrong setting',
  [EXIT.interrupted]: 'interrupted',
});

/** Ends the command with one line on standard error. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** Codes that say more than "the server does not serve this". */
const EXIT_OF_CODE: ReadonlyMap<string, ExitCode> = new Map([
  ['BAD_USER_INPUT', EXIT.usage],
  ['CURSOR_INVALID', EXIT.usage],
  ['INTERNAL_SERVER_ERROR', EXIT.internal],
]);

/** There is a server, and it said no. */
function whyRefused({ message, status }: ConnectionFailedError): string {
  return status === 401 || status === 4401 ? `${message} Is there a good key or token in DRUMLINE_TOKEN?` : message;
}

/** What a client throws, as the end of a command. Anything else, a CliError included, stays as it is. */
export function toCliError(error: unknown): unknown {
  if (error instanceof ConnectionFailedError) {
    const message =
      error.status === undefined ? `${error.message} Start a server with: drumline serve` : whyRefused(error);
    return new CliError(EXIT.unavailable, message, { cause: error });
  }
  if (!(error instanceof OperationFailedError)) return error;
  const exitCode = EXIT_OF_CODE.get(error.code) ?? EXIT.unavailable;
  const message = exitCode === EXIT.usage ? error.message : `The server refused (${error.code}): ${error.message}`;
  return new CliError(exitCode, message, { cause: error });
}

/** For the end of a help text. */
export function exitCodesHelp(codes: readonly ExitCode[]): string {
  return ['Exit codes:', ...codes.map((code) => `  ${String(code).padStart(3)}  ${EXIT_MEANINGS[code]}`)].join('\n');
}
