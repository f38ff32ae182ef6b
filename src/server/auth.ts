/**
 * Who is asking. Nobody needs to say so today; the seam is here, with its deadline, so that a check that hangs can
 * never hold a socket open.
 */
import type { IncomingMessage } from 'node:http';
import { DrumlineError } from '../domain/errors.ts';

/** Resolves when the caller may connect; rejects when not. `params` is the payload of `connection_init`. */
export type Authenticate = (
  request: IncomingMessage,
  params: Readonly<Record<string, unknown>> | undefined,
  signal: AbortSignal,
) => Promise<void>;

export type AuthOutcome = 'accepted' | 'refused' | 'timed out';

export async function authenticateWithin(
  timeoutMs: number,
  check: (signal: AbortSignal) => Promise<void>,
): Promise<AuthOutcome> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<AuthOutcome>((resolve) => {
    timer = setTimeout(() => resolve('timed out'), timeoutMs);
  });
  const checked = check(controller.signal).then(
    (): AuthOutcome => 'accepted',
    (error: unknown): AuthOutcome => {
      if (error instanceof DrumlineError && error.code === 'UNAUTHENTICATED') return 'refused';
      throw error;
    },
  );
  try {
    return await Promise.race([checked, deadline]);
  } finally {
    clearTimeout(timer);
    controller.abort();
  }
}
