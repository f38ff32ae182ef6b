/**
 * The public keys of an identity provider: a JWKS at a URL, or a file with a JWKS or with one key as PEM. A file is read
 * again when it changes, as the provider changes its keys; while it cannot be read, those that it held before still hold.
 */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createLocalJWKSet, createRemoteJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { isLoopback } from '../util/loopback.ts';
import { watchFile, type WatchedFile, type WatchOptions } from './watched-file.ts';

export interface PublicKeys {
  readonly keys: KeyObject | JWTVerifyGetKey | ReturnType<typeof createRemoteJWKSet>;
  readonly algorithms: readonly string[];
}

/** The public keys cannot be used. The message is one line. */
class PublicKeysError extends Error {
  override readonly name = 'PublicKeysError';
  readonly code = 'PUBLIC_KEYS_INVALID';
}

const PUBLIC_ALGORITHMS: readonly string[] = ['RS256', 'ES256', 'EdDSA'];

/** @throws PublicKeysError when there are none where they should be. */
export async function openPublicKeys(place: string, options: WatchOptions): Promise<WatchedFile<PublicKeys>> {
  if (!isUrl(place)) return watchFile(place, readPublicKeys, options);
  return { value: fetchedFrom(place), isCurrent: true, [Symbol.dispose]: () => undefined };
}

/** Reads or fetches them now. @throws PublicKeysError */
export async function tryPublicKeys(place: string): Promise<void> {
  const { keys } = await loadPublicKeys(place);
  if (!('reload' in keys)) return;
  try {
    await keys.reload();
  } catch (error) {
    throw new PublicKeysError('the public keys cannot be fetched, or are no JWKS', { cause: error });
  }
}

async function loadPublicKeys(place: string): Promise<PublicKeys> {
  return isUrl(place) ? fetchedFrom(place) : readPublicKeys(place);
}

function isUrl(place: string): boolean {
  return /^https?:/.test(place);
}

/** `jose` fetches them when it needs them, and again when a token names one that is not among them. */
function fetchedFrom(place: string): PublicKeys {
  return { keys: createRemoteJWKSet(urlOfKeys(place)), algorithms: PUBLIC_ALGORITHMS };
}

async function readPublicKeys(place: string): Promise<PublicKeys> {
  const text = await readFile(place, 'utf8').catch((error: unknown) => {
    const why = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
    throw new PublicKeysError(`the public keys cannot be read${why}`, { cause: error });
  });
  try {
    if (!text.includes('-----BEGIN'))
      return { keys: createLocalJWKSet(JSON.parse(text) as JSONWebKeySet), algorithms: PUBLIC_ALGORITHMS };
    const key = requirePublic(createPublicKey(text), text);
    return { keys: key, algorithms: [algorithmOf(key)] };
  } catch (error) {
    if (error instanceof PublicKeysError) throw error;
    // Without the text of the error, which may repeat a part of the file.
    throw new PublicKeysError('the public keys are neither a JWKS nor a key as PEM');
  }
}

/** Who can change the keys on their way can sign whatever they like, so over http they come from this machine alone. */
function urlOfKeys(text: string): URL {
  const url = URL.parse(text);
  if (url?.protocol === 'https:' || (url !== null && isLoopback(url.hostname.replaceAll(/[[\]]/g, '')))) return url;
  throw new PublicKeysError('the URL of the public keys must be https://…');
}

/** Node makes a public key of a private one as well; that has no place on a server that only verifies. */
function requirePublic(key: KeyObject, text: string): KeyObject {
  if (text.includes('PRIVATE KEY')) throw new PublicKeysError('the file of public keys holds a private key');
  return key;
}

function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string {
  if (asymmetricKeyType === 'rsa') return 'RS256';
  if (asymmetricKeyType === 'ed25519') return 'EdDSA';
  if (asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1') return 'ES256';
  throw new PublicKeysError('the public key must be RSA, P-256 or Ed25519');
}
