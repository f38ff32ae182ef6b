/** Who comes in: told who it is, and counted. Whoever may not is told so in one way, whatever was wrong. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { RateLimitedError, UnauthenticatedError } from '../domain/errors.ts';
import type { Identify } from './auth.ts';
import { toPayload, type MaskError } from './errors.ts';
import { sendJson } from './http-messages.ts';
import { isRefusal, type LimitName, type Limits, type Refusal } from './limits.ts';
import type { Logger } from './logger.ts';
import type { Session } from './session.ts';

export interface Door {
  /** @returns undefined when the caller may not come in, and was told so. */
  sessionOf(request: IncomingMessage, response: ServerResponse): Promise<Session | undefined>;
  /** @returns false when there is no room for it, and that was said. */
  admitStream(request: IncomingMessage, response: ServerResponse, session: Session): boolean;
  /** A WebSocket's caller is asked later, when it has said who it is. @returns the status to refuse it with. */
  admitSocket(request: IncomingMessage, socket: Duplex): number | undefined;
}

export interface DoorDeps {
  readonly identify: Identify;
  readonly limits: Limits;
  readonly mask: MaskError;
  readonly logger: Logger;
}

export function createDoor({ identify, limits, mask, logger }: DoorDeps): Door {
  async function sessionOf(request: IncomingMessage, response: ServerResponse): Promise<Session | undefined> {
    try {
      const session = await identify(request);
      const tooMany = limits.request(request, session.viewer);
      if (tooMany === undefined) return session;
      sendTooMany(response, tooMany);
      return undefined;
    } catch (error) {
      const tooMany = limits.request(request);
      if (tooMany !== undefined) {
        sendTooMany(response, tooMany);
        return undefined;
      }
      const isRefused = error instanceof UnauthenticatedError;
      if (!isRefused) logger.error({ err: error }, 'a caller could not be authenticated');
      const errors = [toPayload(mask(new UnauthenticatedError()))];
      if (isRefused) response.setHeader('www-authenticate', 'Bearer');
      sendJson(response, isRefused ? 401 : 503, { errors }, 'application/graphql-response+json');
      return undefined;
    }
  }

  /** It has its place among the connections for as long as it lasts. */
  function admitStream(request: IncomingMessage, response: ServerResponse, { viewer }: Session): boolean {
    const places = [limits.connect(request), limits.occupy('stream', viewer)];
    const refusal = places.find(isRefusal);
    const leave = (): void => {
      for (const place of places) if (!isRefusal(place)) place[Symbol.dispose]();
    };
    if (refusal === undefined) {
      response.once('close', leave);
      // It may have left while it was found out who it is.
      if (response.closed) leave();
      return true;
    }
    leave();
    sendTooMany(response, refusal);
    return false;
  }

  function sendTooMany(response: ServerResponse, { refusedBy, retryAfterMs }: Refusal): void {
    response.setHeader('retry-after', Math.ceil(retryAfterMs / 1_000));
    const errors = [toPayload(mask(new RateLimitedError(retryAfterMs)))];
    sendJson(response, statusOf(refusedBy), { errors }, 'application/graphql-response+json');
  }

  return {
    sessionOf,
    admitStream,
    admitSocket(request, socket) {
      const place = limits.connect(request);
      if (isRefusal(place)) return statusOf(place.refusedBy);
      socket.once('close', () => place[Symbol.dispose]());
      return undefined;
    },
  };
}

function statusOf(refusedBy: LimitName): number {
  return refusedBy === 'connections' ? 503 : 429;
}
