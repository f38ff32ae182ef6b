/**
 * From what a caller shows to who it is. A token is verified once and remembered, so that an emit costs no signature;
 * whether it has expired or was revoked meanwhile is asked each time.
 */
import { TokenExpiredError, TokenRevokedError, UnauthenticatedError, type DrumlineError } from '../domain/errors.ts';
import type { Viewer } from '../domain/viewer.ts';
import { findApiKey, isGoneKey, looksLikeApiKey } from './api-keys.ts';
import type { KeyRing } from './key-file.ts';
import type { TokenVerifier } from './tokens.ts';

export interface Authenticator {
  /**
   * @param bearer what stands after `Bearer`.
   * @throws UnauthenticatedError; anything else: it cannot be told now.
   */
  authenticate(bearer: string): Viewer | Promise<Viewer>;
  /** Why the viewer may do nothing any more. */
  whyOver(viewer: Viewer): DrumlineError | undefined;
}

export interface AuthenticatorDeps {
  /** As it is at the moment of the call. */
  readonly keyRing: () => KeyRing;
  readonly tokens: TokenVerifier | undefined;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

const MAX_REMEMBERED = 20_000;

export function createAuthenticator({ keyRing, tokens, now = Date.now }: AuthenticatorDeps): Authenticator {
  /** By what was shown, in the order in which they were shown last. */
  const known = new Map<string, Viewer>();

  function remember(bearer: string, viewer: Viewer): Viewer {
    known.delete(bearer);
    known.set(bearer, viewer);
    for (const oldest of known.keys()) {
      if (known.size <= MAX_REMEMBERED) break;
      known.delete(oldest);
    }
    return viewer;
  }

  async function verify(bearer: string): Promise<Viewer> {
    const viewer = await tokens?.verify(bearer);
    if (viewer === undefined) throw new UnauthenticatedError();
    // Several may have come at once: all are one viewer.
    return remember(bearer, requireValid(known.get(bearer) ?? viewer));
  }

  function requireValid(viewer: Viewer): Viewer {
    if (whyOver(viewer) === undefined) return viewer;
    throw new UnauthenticatedError();
  }

  function whyOver({ expiresAt, credentials }: Viewer): DrumlineError | undefined {
    if (now() >= expiresAt) return new TokenExpiredError();
    const { keys, revoked } = keyRing();
    return credentials.some((id) => revoked.has(id) || isGoneKey(id, keys)) ? new TokenRevokedError() : undefined;
  }

  return {
    authenticate(bearer) {
      const viewer = known.get(bearer);
      if (viewer !== undefined && whyOver(viewer) === undefined) return remember(bearer, viewer);
      known.delete(bearer);
      if (!looksLikeApiKey(bearer)) return verify(bearer);
      const byKey = findApiKey(keyRing().keys, bearer);
      if (byKey === undefined) throw new UnauthenticatedError();
      return remember(bearer, requireValid(byKey));
    },
    whyOver,
  };
}
