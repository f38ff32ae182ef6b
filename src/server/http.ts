/**
 * The one port: which path and which kind of request goes where, and how the whole comes to rest. A stop is a drain:
 * not ready at once, what was accepted finishes, every stream is told to come back, and nothing is waited for beyond
 * the deadline.
 */
import { createServer, STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import { Socket, type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { ShuttingDownError } from '../domain/errors.ts';
import { prefersEventStream } from './accept.ts';
import type { Dashboard } from './dashboard.ts';
import type { Door } from './door.ts';
import { toPayload, type MaskError } from './errors.ts';
import { createGraphiqlPage, wantsGraphiql } from './graphiql.ts';
import { GRAPHQL_PATH } from './graphql.ts';
import type { Health } from './health.ts';
import type { AnswerGraphql } from './http-graphql.ts';
import { cutWhenStalled, sendJson } from './http-messages.ts';
import type { Logger } from './logger.ts';
import { createMount, type Mount } from './mount.ts';
import type { OriginRule } from './origin.ts';
import type { SseTransport } from './sse.ts';
import type { WebSocketTransport } from './websocket.ts';

export interface HttpServerOptions {
  readonly host: string;
  readonly port: number;
  readonly drainMs: number;
  readonly stallMs: number;
  readonly graphiql: boolean;
  /** Undefined: there is none. */
  readonly dashboard: Dashboard | undefined;
  readonly answerGraphql: AnswerGraphql;
  readonly sse: Pick<SseTransport, 'handle' | 'drain'>;
  readonly webSockets: WebSocketTransport;
  readonly origins: OriginRule;
  readonly door: Door;
  readonly health: Health;
  readonly mask: MaskError;
  readonly logger: Logger;
}

export interface HttpServer {
  /** @throws when the address cannot be had. */
  listen(): Promise<AddressInfo>;
  /** Everything that it answers, below `prefix` of another server of this process. */
  mount(prefix: string): Mount;
  /** Come to rest within `drainMs`. Doing it again waits for the first. */
  drain(): Promise<void>;
}

/** A slow body or slow headers are cut off after this. */
const REQUEST_TIMEOUT_MS = 15_000;
/** How often Node looks for such requests; its own 30 s would treble the wait. */
const REQUEST_CHECK_MS = 2_000;
/** What may wait in this process for one connection's reader before its stream stands still. */
const WAITING_BYTES = 16 * 1024;
/** WebSockets are closed over this share of the drain, so that their clients do not return at once. */
const CLOSE_SPREAD = 0.25;

export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { answerGraphql, dashboard, sse, webSockets, origins, door, health, mask, logger } = options;
  const graphiql = createGraphiqlPage();
  const answering = new Set<ServerResponse>();
  let draining: Promise<void> | undefined;

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = pathOf(request);
    if (path !== GRAPHQL_PATH && (await health.handle(path, response))) return;
    const refusal = origins.refusal(request);
    // A preflight asks whether it may; it is told no by what its answer does not have.
    if (refusal !== undefined && request.method !== 'OPTIONS') return sendPlain(response, refusal);
    if (path !== GRAPHQL_PATH) {
      if ((await dashboard?.handle(path, request, response)) !== true) sendPlain(response, 404);
      return;
    }
    if (origins.handleCors(request, response)) return;
    if (request.method !== 'GET' && request.method !== 'POST') {
      response.setHeader('allow', 'GET, POST');
      return sendPlain(response, 405);
    }
    if (options.graphiql && draining === undefined && wantsGraphiql(request)) return graphiql.handle(request, response);
    const session = await door.sessionOf(request, response);
    if (session === undefined) return;
    if (prefersEventStream(request.headers.accept)) {
      if (!door.admitStream(request, response, session)) return;
      return sse.handle(request, response, session.context);
    }
    if (draining !== undefined) return refuse(response);
    await answerGraphql(request, response, session.context);
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await route(request, response);
      cutWhenStalled(response, options.stallMs);
    } catch (error) {
      if (response.destroyed) return logger.debug({ err: error }, 'a client left before it was answered');
      logger.error({ err: error }, 'a request could not be answered');
      if (response.headersSent) response.destroy();
      else sendPlain(response, 500);
    }
  }

  function refuse(response: ServerResponse): void {
    response.setHeader('connection', 'close');
    const errors = [toPayload(mask(new ShuttingDownError()))];
    sendJson(response, 503, { errors }, 'application/graphql-response+json');
  }

  const server = createServer(
    {
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: REQUEST_CHECK_MS,
      highWaterMark: WAITING_BYTES,
      // Any other offer (`h2c`, which some clients always make) is passed over, and the request answered as it is.
      shouldUpgradeCallback: ({ headers }: IncomingMessage) => headers.upgrade?.toLowerCase() === 'websocket',
    },
    handle,
  );
  server.on('upgrade', upgrade);

  function handle(request: IncomingMessage, response: ServerResponse): void {
    if (draining !== undefined) response.setHeader('connection', 'close');
    answering.add(response);
    response.once('close', () => answering.delete(response));
    void answer(request, response);
  }

  function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const status = upgradeRefusal(request);
    if (status !== undefined) return refuseUpgrade(socket, status);
    const tooMany = door.admitSocket(request, socket);
    if (tooMany !== undefined) return refuseUpgrade(socket, tooMany);
    // Node says "a stream" for servers of other kinds; that of an HTTP server is its connection.
    if (socket instanceof Socket) webSockets.handleUpgrade(request, socket, head);
    else socket.destroy();
  }

  function upgradeRefusal(request: IncomingMessage): number | undefined {
    if (pathOf(request) !== GRAPHQL_PATH) return 404;
    if (draining !== undefined) return 503;
    return origins.refusal(request);
  }

  async function listen(): Promise<AddressInfo> {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: options.host, port: options.port }, () => {
        server.off('error', reject);
        resolve();
      });
    });
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('The server has no network address.');
    return address;
  }

  async function comeToRest(): Promise<void> {
    health.stopping();
    const deadline = AbortSignal.timeout(options.drainMs);
    sse.drain();
    // What is being answered is the last on its connection, or the connection would be kept for more.
    for (const response of answering) if (!response.headersSent) response.setHeader('connection', 'close');
    // The door stays open until the streams are told: whoever still comes hears "not ready" rather than nothing.
    await webSockets.drain(options.drainMs * CLOSE_SPREAD, deadline);
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    const cutOff = (): void => server.closeAllConnections();
    if (deadline.aborted) cutOff();
    else deadline.addEventListener('abort', cutOff, { once: true });
    await closed;
    await allAnswered(answering, deadline);
    deadline.removeEventListener('abort', cutOff);
  }

  return {
    listen,
    mount: (prefix) => createMount(prefix, { request: handle, upgrade }),
    drain: () => (draining ??= comeToRest()),
  };
}

/** What came by a mount is on connections of a server that goes on. */
async function allAnswered(answering: ReadonlySet<ServerResponse>, deadline: AbortSignal): Promise<void> {
  const cutOff = (): void => answering.forEach((response) => response.destroy());
  if (deadline.aborted) cutOff();
  else deadline.addEventListener('abort', cutOff, { once: true });
  await Promise.all(Array.from(answering, (response) => new Promise((resolve) => response.once('close', resolve))));
  deadline.removeEventListener('abort', cutOff);
}

function pathOf({ url = '/' }: IncomingMessage): string {
  const end = url.indexOf('?');
  return end === -1 ? url : url.slice(0, end);
}

function sendPlain(response: ServerResponse, status: number): void {
  response
    .writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' })
    .end(`${STATUS_CODES[status] ?? status}\n`);
}

function refuseUpgrade(socket: Duplex, status: number): void {
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
  // The server has let go of this socket: nobody else hears its errors, or ends it when its peer does not.
  const release = (): void => void socket.destroy();
  socket.on('error', release).end(head, release);
}
