/** The server that this page came from: what it says of itself, who asks, and the one connection to it. */
import { createContext, useContext } from 'react';
import { isAboutCaller } from '../../client/errors.ts';
import { request, type Connection, type TypedDocument } from '../../client/index.ts';

/** What the server tells any page of it. */
export interface Facts {
  readonly graphiql: boolean;
  /** Whether callers have to say who they are. */
  readonly auth: boolean;
}

/** What is known of the server before anything else is asked. */
export interface Greeting {
  readonly facts: Facts;
  /** How far this machine's clock is ahead of the server's: what is said to be a minute old is to be a minute old. */
  readonly clockAheadMs: number;
}

export interface Server {
  readonly facts: Facts;
  readonly clockAheadMs: number;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly connection: Connection;
  /** Throws the two errors of `drumline/client`. */
  ask<Data, Variables>(
    this: void,
    document: TypedDocument<Data, Variables>,
    variables: Variables,
    signal?: AbortSignal,
  ): Promise<Data>;
  /** Undefined when nobody has to say who they are. */
  readonly signOut: (() => void) | undefined;
  /** What was shown is not taken any more: ask for another. */
  readonly onRefused: (error: Error) => void;
}

export const ServerContext = createContext<Server | undefined>(undefined);

export function useServer(): Server {
  const server = useContext(ServerContext);
  if (server === undefined) throw new Error('This part of the page needs a server above it.');
  return server;
}

/** Relative to the page: the server may be mounted below any path. */
export const GRAPHQL_URL = './graphql';

export async function readGreeting(signal: AbortSignal): Promise<Greeting> {
  const response = await fetch('./dashboard.json', { signal });
  if (!response.ok) throw new Error(`The server answered ${response.status}.`);
  // Our own server's answer: it came with this page.
  const facts = (await response.json()) as Facts;
  const aheadMs = Date.now() - Date.parse(response.headers.get('date') ?? '');
  // Whole seconds, and the way takes its time: less is no difference.
  return { facts, clockAheadMs: Math.abs(aheadMs) > 3_000 ? aheadMs : 0 };
}

/** @param onRefused hears of who asks being refused: another key or token may do */
export function createAsk(
  url: string,
  headers: Readonly<Record<string, string>>,
  onRefused: (error: Error) => void,
): Server['ask'] {
  return async (document, variables, signal) => {
    try {
      return await request({ url, headers, document, variables, signal });
    } catch (error) {
      if (error instanceof Error && isAboutCaller(error)) onRefused(error);
      throw error;
    }
  };
}
