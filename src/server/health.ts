/** Whether the process lives (`/healthz`), and whether it can take emits (`/readyz`), for whoever routes traffic to it. */
import type { ServerResponse } from 'node:http';
import { sendJson } from './http-messages.ts';

export interface Health {
  /** @returns true when the path was one of ours, and is answered. */
  handle(path: string, response: ServerResponse): Promise<boolean>;
  /** From now on: not ready. */
  stopping(): void;
}

/** @param checkStore rejects when the log does not answer. */
export function createHealth({ checkStore }: { readonly checkStore: () => Promise<unknown> }): Health {
  let isStopping = false;

  async function reasonsNotReady(): Promise<readonly string[]> {
    if (isStopping) return ['stopping'];
    try {
      await checkStore();
      return [];
    } catch {
      return ['store'];
    }
  }

  return {
    async handle(path, response) {
      if (path === '/healthz') {
        sendJson(response, 200, { status: 'ok' });
        return true;
      }
      if (path !== '/readyz') return false;
      const reasons = await reasonsNotReady();
      sendJson(response, reasons.length === 0 ? 200 : 503, { ready: reasons.length === 0, reasons });
      return true;
    },
    stopping: () => (isStopping = true),
  };
}
