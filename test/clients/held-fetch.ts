/** A network on which an answer is under way for as long as a test wants. Everything is asked of the real server. */
import { waitFor } from '../support/wait-for.ts';

export interface HeldFetch {
  readonly fetch: typeof fetch;
  /** How often something was asked. */
  readonly asked: number;
  /** Keeps the next answer; those behind it overtake it. */
  keepNext(): void;
  /** Resolves when the server has given that answer. */
  isKept(): Promise<unknown>;
  /** Brings what was kept. */
  release(): void;
  /** Every answer takes as long as this. */
  slowDown(wait: () => Promise<unknown>): void;
}

export function createHeldFetch(): HeldFetch {
  let asked = 0;
  let keepsNext = false;
  let pass = async (): Promise<unknown> => undefined;
  let kept: PromiseWithResolvers<void> | undefined;
  return {
    async fetch(input, init) {
      asked += 1;
      const response = await fetch(input, init);
      const text = await response.text();
      await pass();
      if (keepsNext) {
        keepsNext = false;
        kept = Promise.withResolvers();
        await kept.promise;
      }
      return new Response(text, { status: response.status, headers: response.headers });
    },
    get asked() {
      return asked;
    },
    keepNext() {
      keepsNext = true;
      kept = undefined;
    },
    isKept: async () => waitFor(() => kept !== undefined, { withinMs: 15_000, what: 'an answer to be kept' }),
    release: () => kept?.resolve(),
    slowDown: (wait) => void (pass = wait),
  };
}
