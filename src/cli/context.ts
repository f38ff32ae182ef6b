/** What the commands are given to run in. */
import type { ExitCode } from './exit.ts';
import type { CliIo } from './io.ts';

export interface CommandContext {
  readonly io: Omit<CliIo, 'signal'>;
  /** Run, with a signal that the user's interrupt aborts, and keep its exit code. */
  readonly run: (command: (io: CliIo) => Promise<ExitCode>) => Promise<void>;
}
