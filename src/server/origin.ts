/**
 * Which pages may talk to this server. A browser tells the page's origin; other programs send none and are not a
 * risk that this check is about. The server's own pages always may; others when they are listed.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';

export interface OriginRule {
  allows(request: IncomingMessage): boolean;
  /** Answer a preflight, and tell the browser what it may read. @returns true when the request is answered. */
  handleCors(request: IncomingMessage, response: ServerResponse): boolean;
}

export function createOriginRule(allowedOrigins: readonly string[]): OriginRule {
  function isListed(origin: string): boolean {
    return allowedOrigins.includes(origin);
  }

  function allows({ headers }: IncomingMessage): boolean {
    const { origin, host } = headers;
    if (origin === undefined || isListed(origin)) return true;
    return URL.canParse(origin) && new URL(origin).host === host;
  }

  function handleCors(request: IncomingMessage, response: ServerResponse): boolean {
    const { origin } = request.headers;
    response.setHeader('vary', 'origin');
    if (origin !== undefined && isListed(origin)) {
      response.setHeader('access-control-allow-origin', origin);
      response.setHeader('access-control-allow-methods', 'GET, POST');
      response.setHeader('access-control-allow-headers', 'content-type, authorization, last-event-id');
      response.setHeader('access-control-max-age', '600');
    }
    if (request.method !== 'OPTIONS') return false;
    response.writeHead(204).end();
    return true;
  }

  return { allows, handleCors };
}
