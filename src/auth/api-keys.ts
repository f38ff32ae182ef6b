/**
 * API keys: what a program shows that has no other way to say who it is. A key is its id and 256 random bits; the
 * server keeps a hash, so that its file gives nobody a key. The bits are random, so one plain hash is enough.
 */
import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { parseGrant, toGrants, type Viewer } from '../domain/viewer.ts';

export const KeyId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'must be 1 to 32 lower-case letters, digits and -, starting with no -');

export const Grant = z
  .string()
  .refine((text) => parseGrant(text) !== undefined, 'must be an action and tasks: emit:*, read:run-42, admin:team-a/*');

/** A key as it is kept. */
export const ApiKey = z.strictObject({
  id: KeyId,
  /** SHA-256 of the key, hexadecimal. */
  hash: z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in hexadecimal'),
  grants: z.array(Grant).min(1, 'must grant something'),
  /** For people: when it was made. */
  created: z.string().optional(),
});
export type ApiKey = z.infer<typeof ApiKey>;

const PREFIX = 'drumline_';
const KEY = /^drumline_([a-z0-9-]{1,32})_[\w-]{43}$/;

/** @returns the key, to be shown once, and what is kept of it. */
export function createApiKey(id: string, grants: readonly string[], created: Date): { key: string; kept: ApiKey } {
  const key = `${PREFIX}${id}_${randomBytes(32).toString('base64url')}`;
  return { key, kept: { id, hash: hash('sha256', key), grants: [...grants], created: created.toISOString() } };
}

export function looksLikeApiKey(bearer: string): boolean {
  return bearer.startsWith(PREFIX);
}

/** @returns the viewer that `key` stands for, or undefined when it is none of `keys`. */
export function findApiKey(keys: ReadonlyMap<string, ApiKey>, key: string): Viewer | undefined {
  const [, id = ''] = KEY.exec(key) ?? [];
  const kept = keys.get(id);
  if (kept === undefined) return undefined;
  const isRight = timingSafeEqual(Buffer.from(hash('sha256', key), 'hex'), Buffer.from(kept.hash, 'hex'));
  return isRight ? toViewer(kept) : undefined;
}

function toViewer(key: ApiKey): Viewer {
  return {
    name: `key ${key.id}`,
    grants: toGrants(key.grants),
    expiresAt: Number.POSITIVE_INFINITY,
    credentials: [credentialOf(key)],
  };
}

/** A key that is made anew under the same id, or is granted something else, is another. */
function credentialOf({ id, hash: kept, grants }: ApiKey): string {
  return `key ${id} ${hash('sha256', [kept, ...grants].join(' ')).slice(0, 16)}`;
}

/** Whether a credential is a key that is not there any more. */
export function isGoneKey(credential: string, keys: ReadonlyMap<string, ApiKey>): boolean {
  const [, id = ''] = /^key ([a-z0-9-]+) /.exec(credential) ?? [];
  if (id === '') return false;
  const kept = keys.get(id);
  return kept === undefined || credentialOf(kept) !== credential;
}
