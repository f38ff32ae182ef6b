/** From settings to who may come in, and who gives out tokens. Nothing configured: nobody is asked. */
import { createAuthenticator, type Authenticator } from './authenticator.ts';
import { EMPTY_KEY_RING, watchKeyFile } from './key-file.ts';
import { createTokenVerifier, signToken, type SignedToken, type TokenOrder, type TokenSettings } from './tokens.ts';

export interface AuthSettings extends TokenSettings {
  /** Path of the key file. */
  readonly keyFile?: string | undefined;
}

export interface Auth extends Disposable {
  readonly authenticator: Authenticator;
  /** Left out where there is no secret. */
  readonly signToken: ((order: TokenOrder) => Promise<SignedToken>) | undefined;
  /** False while the key file changed and cannot be read: what it said before still holds. */
  isCurrent(): boolean;
}

export interface AuthDeps {
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** The key file changed and cannot be read. */
  readonly onTrouble: (error: Error) => void;
}

/** @returns undefined when nothing is configured. @throws KeyFileError, PublicKeysError */
export async function openAuth(
  settings: AuthSettings,
  { now = Date.now, onTrouble }: AuthDeps,
): Promise<Auth | undefined> {
  const { keyFile, secret, publicKeys, audience, issuer } = settings;
  const verifiesTokens = secret !== undefined || publicKeys !== undefined;
  if (keyFile === undefined && !verifiesTokens) return undefined;
  const tokens = verifiesTokens ? await createTokenVerifier(settings) : undefined;
  const keys = keyFile === undefined ? undefined : await watchKeyFile({ path: keyFile, onTrouble });
  return {
    authenticator: createAuthenticator({ keyRing: () => keys?.ring ?? EMPTY_KEY_RING, tokens, now }),
    signToken: secret === undefined ? undefined : (order) => signToken({ secret, audience, issuer }, order, now()),
    isCurrent: () => keys?.isCurrent ?? true,
    [Symbol.dispose]: () => keys?.[Symbol.dispose](),
  };
}
