/** From settings to who may come in, and who gives out tokens. Nothing configured: nobody is asked. */
import { createAuthenticator, type Authenticator } from './authenticator.ts';
import { EMPTY_KEY_RING, watchKeyFile } from './key-file.ts';
import { openPublicKeys } from './public-keys.ts';
import { createTokenVerifier, signToken, type SignedToken, type TokenOrder } from './tokens.ts';

/** As the settings of the server are called; empty for none. */
export interface AuthSettings {
  readonly authKeys: string;
  readonly authSecret: string;
  readonly authPublicKeys: string;
  readonly authAudience: string;
  readonly authIssuer: string;
}

export interface Auth extends Disposable {
  readonly authenticator: Authenticator;
  /** Left out where there is no secret. */
  readonly signToken: ((order: TokenOrder) => Promise<SignedToken>) | undefined;
  /** False while one of the files changed and cannot be read: what it said before still holds. */
  isCurrent(): boolean;
}

export interface AuthDeps {
  /** Milliseconds since 1970. */
  readonly now?: (() => number) | undefined;
  /** One of the files changed and cannot be read. */
  readonly onTrouble: (error: Error) => void;
}

/** @returns undefined when nothing is configured. @throws KeyFileError, PublicKeysError */
export async function openAuth(
  { authKeys, authSecret, authPublicKeys, authAudience: audience, authIssuer }: AuthSettings,
  { now = Date.now, onTrouble }: AuthDeps,
): Promise<Auth | undefined> {
  const verifiesTokens = authSecret !== '' || authPublicKeys !== '';
  if (authKeys === '' && !verifiesTokens) return undefined;
  const rules = { audience, ...(authIssuer === '' ? {} : { issuer: authIssuer }) };
  const secret = authSecret === '' ? undefined : authSecret;
  using opened = new DisposableStack();
  const publicKeys =
    authPublicKeys === '' ? undefined : opened.use(await openPublicKeys(authPublicKeys, { onTrouble }));
  const keys = authKeys === '' ? undefined : opened.use(await watchKeyFile(authKeys, { onTrouble }));
  const verifier = { ...rules, secret, publicKeys: publicKeys && (() => publicKeys.value) };
  const tokens = verifiesTokens ? createTokenVerifier(verifier) : undefined;
  const watched = opened.move();
  return {
    authenticator: createAuthenticator({ keyRing: () => keys?.value ?? EMPTY_KEY_RING, tokens, now }),
    signToken: secret === undefined ? undefined : (order) => signToken({ ...rules, secret }, order, now()),
    isCurrent: () => (keys?.isCurrent ?? true) && (publicKeys?.isCurrent ?? true),
    [Symbol.dispose]: () => watched.dispose(),
  };
}
