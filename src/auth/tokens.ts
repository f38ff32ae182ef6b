/**
 * Tokens: JSON Web Tokens, of an identity provider (verified by its public keys) or our own (signed with the server's
 * secret, for browsers that watch a task). Which algorithms are accepted is fixed by what was configured, never by the
 * token; every token must say for whom it is and when it ends.
 */
import { randomUUID } from 'node:crypto';
import { decodeProtectedHeader, errors, jwtVerify, SignJWT, type JWTPayload, type JWTVerifyOptions } from 'jose';
import { z } from 'zod';
import { UnauthenticatedError } from '../domain/errors.ts';
import { toGrants, type Viewer } from '../domain/viewer.ts';
import type { PublicKeys } from './public-keys.ts';

/** Shorter ones can be guessed. Bytes. */
export const MIN_SECRET_BYTES = 32;

export interface TokenSettings {
  /** Of HS256, for the server's own tokens and for others that know it. At least `MIN_SECRET_BYTES` of UTF-8. */
  readonly secret?: string | undefined;
  /** As they are at the moment of the call. */
  readonly publicKeys?: (() => PublicKeys) | undefined;
  /** What `aud` must hold. */
  readonly audience: string;
  /** What `iss` must be; left out: anything. */
  readonly issuer?: string | undefined;
}

export interface TokenVerifier {
  /** @throws UnauthenticatedError; anything else: it cannot be told now (the keys could not be fetched). */
  verify(token: string): Promise<Viewer>;
}

/** What a token of ours grants. */
export interface TokenOrder {
  readonly grants: readonly string[];
  readonly expiresInSeconds: number;
  /** The credentials of whoever gives it out: revoking one of them revokes the token. */
  readonly givenBy: readonly string[];
}

export interface SignedToken {
  readonly token: string;
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

const SECRET_ALGORITHM = 'HS256';
const MAX_TOKEN_LENGTH = 8 * 1024;

const Claims = z.object({
  sub: z.string().max(256).optional(),
  jti: z.string().max(256).optional(),
  exp: z.number(),
  scope: z.union([z.string(), z.array(z.string())]).default(''),
  /** Of our own tokens: on whose credentials they rest. */
  given_by: z.array(z.string()).default([]),
  /** Of an identity provider's: the program that it was given to. */
  azp: z.string().optional(),
});

export function createTokenVerifier(settings: TokenSettings): TokenVerifier {
  const secret = settings.secret === undefined ? undefined : new TextEncoder().encode(settings.secret);
  const rules: JWTVerifyOptions = {
    audience: settings.audience,
    requiredClaims: ['exp', 'aud'],
    ...(settings.issuer === undefined ? {} : { issuer: settings.issuer }),
  };

  async function payloadOf(token: string): Promise<JWTPayload> {
    if (token.length > MAX_TOKEN_LENGTH || !isCanonical(token)) throw new UnauthenticatedError();
    // Chooses the key only; the algorithms that the key may be used with are fixed below.
    const bySecret = decodeProtectedHeader(token).alg === SECRET_ALGORITHM;
    if (bySecret && secret !== undefined) {
      return (await jwtVerify(token, secret, { ...rules, algorithms: [SECRET_ALGORITHM] })).payload;
    }
    if (!bySecret && settings.publicKeys !== undefined) {
      const { keys, algorithms } = settings.publicKeys();
      return (await jwtVerify(token, keys, { ...rules, algorithms: [...algorithms] })).payload;
    }
    throw new UnauthenticatedError();
  }

  return {
    async verify(token) {
      const claims = Claims.safeParse(await payloadOf(token).catch(refuse));
      if (!claims.success) throw new UnauthenticatedError();
      return toViewer(claims.data);
    },
  };
}

/** The signature can be spelt in several ways, and each would count as another caller. */
function isCanonical(token: string): boolean {
  const signature = token.slice(token.lastIndexOf('.') + 1);
  return Buffer.from(signature, 'base64url').toString('base64url') === signature;
}

/** @throws UnauthenticatedError for a token that is wrong; what kept it from being judged goes on as it is. */
function refuse(error: unknown): never {
  const isNoToken = error instanceof TypeError && error.message.includes('Invalid Token');
  const isWrong = error instanceof errors.JOSEError && !UNDECIDED.has(error.code);
  if (isNoToken || isWrong) throw new UnauthenticatedError();
  throw error;
}

/** Of the errors of jose, those that speak of fetching the keys. */
const UNDECIDED: ReadonlySet<string> = new Set(['ERR_JOSE_GENERIC', 'ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID']);

function toViewer({ sub, jti, exp, scope, given_by: givenBy, azp }: z.infer<typeof Claims>): Viewer {
  return {
    name: `token ${sub ?? jti ?? 'without a name'}`,
    grants: toGrants(typeof scope === 'string' ? scope.split(' ') : scope),
    expiresAt: exp * 1_000,
    credentials: [jti, azp, ...givenBy].filter((id) => id !== undefined),
  };
}

/** @param now milliseconds since 1970. */
export async function signToken(
  { secret, audience, issuer }: Pick<TokenSettings, 'audience' | 'issuer'> & { readonly secret: string },
  { grants, expiresInSeconds, givenBy }: TokenOrder,
  now: number,
): Promise<SignedToken> {
  const id = randomUUID();
  const issuedAt = Math.floor(now / 1_000);
  // Claims are whole seconds: a token is never good for less than was asked.
  const expires = Math.ceil(now / 1_000) + expiresInSeconds;
  const claims = { scope: grants.join(' '), ...(givenBy.length === 0 ? {} : { given_by: [...givenBy] }) };
  const token = new SignJWT(claims)
    .setProtectedHeader({ alg: SECRET_ALGORITHM, typ: 'JWT' })
    .setJti(id)
    .setAudience(audience)
    .setIssuedAt(issuedAt)
    .setExpirationTime(expires);
  if (issuer !== undefined) token.setIssuer(issuer);
  return { token: await token.sign(new TextEncoder().encode(secret)), id, expiresAt: expires * 1_000 };
}
