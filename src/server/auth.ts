/**
 * Who is asking: from a request, and what a WebSocket's `connection_init` says, to a session. The check has a deadline,
 * so that one that hangs can never hold a socket open; whatever goes wrong lets nobody in.
 */
import type { IncomingMessage } from 'node:http';
import { UnauthenticatedError } from '../domain/errors.ts';
import { ANYONE, type Viewer } from '../domain/viewer.ts';
import type { Session, Sessions } from './session.ts';

export type ConnectionParams = Readonly<Record<string, unknown>>;

/**
 * @param params the payload of `connection_init`, over a WebSocket.
 * @returns who it is; undefined for one who may do everything.
 * @throws UnauthenticatedError when it may not come in; anything else: that cannot be told now.
 */
export type Authenticate = (
  request: IncomingMessage,
  params: ConnectionParams | undefined,
  signal: AbortSignal,
) => Viewer | undefined | Promise<Viewer | undefined>;

/** @throws as `Authenticate`, and AuthTimeoutError. */
export type Identify = (request: IncomingMessage, params?: ConnectionParams) => Session | Promise<Session>;

/** Nobody said in time who it is. */
export class AuthTimeoutError extends Error {
  override readonly name = 'AuthTimeoutError';
}

export interface IdentifyOptions {
  /** Left out: nobody has to say who they are. */
  readonly authenticate: Authenticate | undefined;
  readonly timeoutMs: number;
  readonly sessions: Sessions;
}

export function createIdentify({ authenticate, timeoutMs, sessions }: IdentifyOptions): Identify {
  const everyone = sessions.of(ANYONE);
  const toSession = (viewer: Viewer | undefined): Session => {
    if (viewer === undefined) return everyone;
    const session = sessions.of(viewer);
    if (session.failure !== undefined) throw new UnauthenticatedError();
    return session;
  };
  if (authenticate === undefined) return () => everyone;
  return (request, params) => {
    const controller = new AbortController();
    const viewer = authenticate(request, params, controller.signal);
    if (!(viewer instanceof Promise)) return toSession(viewer);
    return within(timeoutMs, viewer.then(toSession)).finally(() => controller.abort());
  };
}

async function within<Result>(timeoutMs: number, work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new AuthTimeoutError()), timeoutMs);
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

export interface BearerOptions {
  readonly authenticate: (bearer: string) => Viewer | Promise<Viewer>;
  /** Whether an event stream may have it in its URL: an `EventSource` of a browser can send no headers. */
  readonly tokenInUrl: boolean;
}

/** What was shown as `Authorization: Bearer …`, in a header or in `connection_init`. */
export function createBearerAuthenticate({ authenticate, tokenInUrl }: BearerOptions): Authenticate {
  return (request, params) => {
    const bearer = bearerOf(request, params, tokenInUrl);
    if (bearer === undefined) throw new UnauthenticatedError();
    return authenticate(bearer);
  };
}

const BEARER = /^Bearer ([\w.~+/-]+=*)$/i;

function bearerOf(
  { headers, headersDistinct, method, url = '' }: IncomingMessage,
  params: ConnectionParams | undefined,
  tokenInUrl: boolean,
): string | undefined {
  const said = params?.['authorization'] ?? params?.['Authorization'];
  if (said !== undefined) return typeof said === 'string' ? BEARER.exec(said)?.[1] : undefined;
  const { authorization } = headers;
  if (authorization !== undefined) {
    // Node keeps the first of several; another program on the way may have kept the last.
    return (headersDistinct['authorization']?.length ?? 0) > 1 ? undefined : BEARER.exec(authorization)?.[1];
  }
  const mayBeInUrl = tokenInUrl && method === 'GET' && headers.accept?.includes('text/event-stream') === true;
  if (!mayBeInUrl) return undefined;
  return BEARER.exec(`Bearer ${new URL(url, 'http://localhost').searchParams.get('token') ?? ''}`)?.[1];
}
