/** Whether the process lives (`/healthz`), and whether it can take emits (`/readyz`), for whoever routes traffic to it. */
import type { ServerResponse } from 'node:http';
import { sendJson } from './http-messages.ts';

export interface Health {
  /** @returns true when the path was one of ours, and is answered. */
  handle(path: string, response: ServerResponse): Promise<boolean>;
  /** From now on: not ready. */
  stopping(): void;
}

export interface HealthDeps {
  /** Rejects when the log does not answer. */
  readonly checkStore: () => Promise<unknown>;
  /** Whether this server hears of the others at once. */
  readonly isBusUp: () => boolean;
  /** Whether the key file that callers are judged by is the one that is there now. */
  readonly isAuthCurrent: () => boolean;
}

export function createHealth({ checkStore, isBusUp, isAuthCurrent }: HealthDeps): Health {
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
      // A server without its bus is late by a catch-up and loses nothing; one whose key file cannot be read goes by what
      // it said last. All servers get there at the same moment: to send traffic away from all of them would make an
      // outage of it. So it is named, and the answer stays 200.
      const degraded = [...(isBusUp() ? [] : ['bus']), ...(isAuthCurrent() ? [] : ['auth'])];
      sendJson(response, reasons.length === 0 ? 200 : 503, { ready: reasons.length === 0, reasons, degraded });
      return true;
    },
    stopping: () => (isStopping = true),
  };
}
