/**
 * The dashboard at `/`: a page, its files, and the little that it has to know of this server before anybody has said
 * who they are. All addresses in it are relative, so it works below any prefix. Nothing is read before somebody asks,
 * for most servers are never looked at.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import { acceptedEncoding } from './accept.ts';
import { sendJson } from './http-messages.ts';
import { MARK } from './mark.ts';
import { createStaticFiles, type StaticFile } from './static-files.ts';
import { unbuiltPage } from './unbuilt-page.ts';

export interface Dashboard {
  /** @returns true when the path was one of ours, and is answered. */
  handle(path: string, request: IncomingMessage, response: ServerResponse): Promise<boolean>;
}

/** Told to everybody. */
export interface DashboardFacts {
  readonly graphiql: boolean;
  /** Whether callers must say who they are. */
  readonly auth: boolean;
}

/** Scripts and styles from here alone, none of them inline, and nobody to talk to but this server. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');
/** For what has its styles within itself, and does nothing. */
const STYLED_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const REVALIDATED = 'no-cache';
/** A year. A file that changes gets another name. */
const FOR_GOOD = 'public, max-age=31536000, immutable';

/** As it is built: the same from the sources and from the package. */
const BUILT = fileURLToPath(new URL('../../dist/dashboard', import.meta.url));

/** @param directory that holds `index.html`, and `assets` whose names have a hash of their content in them. */
export function createDashboard(facts: DashboardFacts, directory = BUILT): Dashboard {
  const files = createStaticFiles(directory);

  /** @returns what answers a GET of the path; undefined for one that is not ours. */
  async function find(
    path: string,
  ): Promise<((request: IncomingMessage, response: ServerResponse) => unknown) | undefined> {
    if (path === '/') {
      const page = await files.find('index.html');
      if (page === undefined) return (_request, response) => sendUnbuilt(response, facts);
      return (request, response) => sendFile(page, REVALIDATED, request, response);
    }
    if (path === '/dashboard.json') return (_request, response) => sendFacts(response, facts);
    if (path === '/favicon.svg') return (_request, response) => sendMark(response);
    const file = path.startsWith('/assets/') ? await files.find(path.slice(1)) : undefined;
    return file && ((request, response) => sendFile(file, FOR_GOOD, request, response));
  }

  return {
    async handle(path, request, response) {
      const send = await find(path);
      if (send === undefined) return false;
      if (request.method === 'GET' || request.method === 'HEAD') await send(request, response);
      else response.writeHead(405, { allow: 'GET, HEAD', 'x-content-type-options': 'nosniff' }).end();
      return true;
    },
  };
}

async function sendFile(
  file: StaticFile,
  cacheControl: string,
  { headers }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const encoding = file.isCompressible ? acceptedEncoding(headers['accept-encoding']) : undefined;
  const etag = `"${file.hash}${encoding === undefined ? '' : `-${encoding}`}"`;
  secure(response, POLICY).setHeader('cache-control', cacheControl).setHeader('etag', etag);
  if (file.isCompressible) response.setHeader('vary', 'accept-encoding');
  if (isKnown(etag, headers['if-none-match'])) {
    response.writeHead(304).end();
    return;
  }
  const bytes = await file.bytes(encoding);
  if (encoding !== undefined) response.setHeader('content-encoding', encoding);
  // Node sends no body in answer to a HEAD.
  response.writeHead(200, { 'content-type': file.type, 'content-length': bytes.byteLength }).end(bytes);
}

/** A proxy that compresses or unpacks on its way calls the validator weak. */
function isKnown(etag: string, ifNoneMatch: string | undefined): boolean {
  const known = ifNoneMatch?.split(',').map((each) => each.trim().replace(/^W\//, '')) ?? [];
  return known.includes(etag) || known.includes('*');
}

function sendFacts(response: ServerResponse, { graphiql, auth }: DashboardFacts): void {
  secure(response, POLICY).setHeader('cache-control', 'no-store');
  sendJson(response, 200, { graphiql, auth });
}

function sendMark(response: ServerResponse): void {
  secure(response, STYLED_POLICY)
    .writeHead(200, {
      'content-type': 'image/svg+xml',
      'content-length': Buffer.byteLength(MARK),
      'cache-control': 'public, max-age=86400',
    })
    .end(MARK);
}

function sendUnbuilt(response: ServerResponse, { graphiql }: DashboardFacts): void {
  const body = unbuiltPage(graphiql);
  secure(response, STYLED_POLICY)
    .writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      'content-length': Buffer.byteLength(body),
      'cache-control': 'no-store',
    })
    .end(body);
}

function secure(response: ServerResponse, policy: string): ServerResponse {
  return response
    .setHeader('content-security-policy', policy)
    .setHeader('referrer-policy', 'no-referrer')
    .setHeader('x-content-type-options', 'nosniff');
}
