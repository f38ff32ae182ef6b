/** The command line in this process: its streams, its signals, its exit code. */
import { EXIT } from './exit.ts';
import { runCli } from './program.ts';

export async function runProcess(): Promise<void> {
  // `drumline watch t --json | head -1`: whoever read our output has gone, and nothing is left to do.
  process.stdout.on('error', () => process.exit(EXIT.interrupted));
  const exitCode = await runCli(process.argv.slice(2), {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    onInterrupt,
  });
  if (exitCode === undefined) return;
  process.exitCode = exitCode;
  // A socket that is half there must not hold the process: leave as soon as the output is out.
  process.stdout.write('', () => process.exit());
}

/** The first interrupt asks; the second, while we are still busy with the first, leaves. */
function onInterrupt(listener: () => void): () => void {
  let times = 0;
  const onSignal = (): void => {
    times += 1;
    if (times > 1) process.exit(EXIT.interrupted);
    listener();
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  return () => void process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
}
