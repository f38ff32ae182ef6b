/**
 * Which pages may talk to this server. A browser tells the page's origin; other programs send none and are not a
 * risk that this check is about. The server's own pages always may; others when they are listed. A server that is
 * bound to this machine goes by this machine's names only, or a page whose name was pointed here would count as ours.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isLoopback } from '../util/loopback.ts';

export interface OriginRule {
  /** Why the request is refused: 400 for a host that is none, 403 for one or an origin that is not ours. */
  refusal(request: IncomingMessage): 400 | 403 | undefined;
  /** Answer a preflight, and tell the browser what it may read. @returns true when the request is answered. */
  handleCors(request: IncomingMessage, response: ServerResponse): boolean;
}

export interface OriginOptions {
  readonly allowedOrigins: readonly string[];
  /** What the server is bound to. */
  readonly host: string;
}

/** Of the callers that are remembered, for reading their addresses takes longer than anything else here. */
const MAX_KNOWN = 1_000;
const MAX_CALLER_LENGTH = 300;
const LOOPBACK_NAMES: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];

export function createOriginRule({ allowedOrigins, host }: OriginOptions): OriginRule {
  const listedNames = allowedOrigins.map((origin) => new URL(origin).hostname);
  const ownNames = isLoopback(host) ? [...LOOPBACK_NAMES, host, ...listedNames] : undefined;

  /** Callers that were let in, by what they said. Only those: others could fill it at will. */
  const known = new Set<string>();

  function refusal({ headers }: IncomingMessage): 400 | 403 | undefined {
    const { origin, host: asked = '' } = headers;
    const caller = `${asked}\n${origin ?? ''}`;
    if (known.has(caller)) return undefined;
    const verdict = judge(asked, origin);
    if (verdict === undefined && known.size < MAX_KNOWN && caller.length < MAX_CALLER_LENGTH) known.add(caller);
    return verdict;
  }

  function judge(asked: string, origin: string | undefined): 400 | 403 | undefined {
    if (!URL.canParse(`http://${asked}`)) return 400;
    const { hostname, host: normalHost } = new URL(`http://${asked}`);
    if (ownNames?.includes(hostname) === false) return 403;
    if (origin === undefined || allowedOrigins.includes(origin)) return undefined;
    return URL.canParse(origin) && new URL(origin).host === normalHost ? undefined : 403;
  }

  function handleCors(request: IncomingMessage, response: ServerResponse): boolean {
    const { origin } = request.headers;
    response.setHeader('vary', 'origin');
    if (origin !== undefined && allowedOrigins.includes(origin)) {
      response.setHeader('access-control-allow-origin', origin);
      response.setHeader('access-control-allow-methods', 'GET, POST');
      response.setHeader('access-control-allow-headers', 'content-type, authorization, last-event-id');
      response.setHeader('access-control-max-age', '600');
    }
    if (request.method !== 'OPTIONS') return false;
    response.writeHead(204).end();
    return true;
  }

  return { refusal, handleCors };
}
