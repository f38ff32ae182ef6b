/** The graphql-ws client as it is published, set up as its users would, and made to wait for the story. */
import { createClient } from 'graphql-ws';
import type { Client } from 'graphql-ws';
import { keepCursor } from '../../examples/keep-cursor.ts';
import type { ClientOptions } from './story.ts';

/** `resuming`: with the few lines of `examples/keep-cursor.ts` around it. */
export type Mode = 'resuming' | 'unmodified';

export function openWsClient({ origin, mayReconnect }: ClientOptions, mode: Mode): Client {
  const client = createClient({
    url: `${origin.replace('http', 'ws')}/graphql`,
    retryAttempts: Number.POSITIVE_INFINITY,
    // A reset is an error event, which graphql-ws takes for fatal unless it is told otherwise.
    shouldRetry: () => true,
    retryWait: mayReconnect,
  });
  return mode === 'resuming' ? keepCursor(client) : client;
}
