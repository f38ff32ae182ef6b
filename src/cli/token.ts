/** `drumline token`: the grants of the tasks that were named, signed. */
import { Grant } from '../auth/api-keys.ts';
import { MIN_SECRET_BYTES, signToken } from '../auth/tokens.ts';
import { CliError, EXIT, type ExitCode } from './exit.ts';
import { writeLine, type CliIo } from './io.ts';

export interface TokenOptions {
  readonly taskIds: readonly string[];
  /** Beside what the tasks give. */
  readonly grant: readonly string[];
  readonly expiresIn: number;
  readonly secret: string;
  readonly audience: string;
  readonly issuer: string | undefined;
}

export async function runToken({ taskIds, grant, expiresIn, ...settings }: TokenOptions, io: CliIo): Promise<ExitCode> {
  if (Buffer.byteLength(settings.secret) < MIN_SECRET_BYTES) {
    throw new CliError(EXIT.usage, `DRUMLINE_AUTH_SECRET must be at least ${MIN_SECRET_BYTES} bytes`);
  }
  const grants = [...taskIds.flatMap((taskId) => [`read:${taskId}`, `observe:${taskId}`]), ...grant];
  if (grants.length === 0) throw new CliError(EXIT.usage, 'token needs a task, or --grant');
  const wrong = grants.find((text) => !Grant.safeParse(text).success);
  if (wrong !== undefined) throw new CliError(EXIT.usage, `${wrong} is no grant; one is read:run-42, emit:team-a/*`);
  const { token, id, expiresAt } = await signToken(
    settings,
    { grants, expiresInSeconds: expiresIn, givenBy: [] },
    Date.now(),
  );
  await writeLine(io.stderr, `Token ${id}, good until ${new Date(expiresAt).toISOString()}:`);
  await writeLine(io.stdout, token);
  return EXIT.ok;
}
