/** Which tokens are taken: those that say for whom they are and when they end, signed by a key that was configured. */
import { generateKeyPairSync } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { exportJWK, SignJWT, UnsecuredJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { openPublicKeys, type PublicKeys } from '../../src/auth/public-keys.ts';
import { createTokenVerifier, signToken, type TokenVerifier } from '../../src/auth/tokens.ts';
import type { WatchedFile } from '../../src/auth/watched-file.ts';
import { UnauthenticatedError } from '../../src/domain/errors.ts';
import { may } from '../../src/domain/viewer.ts';
import { openTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

const SECRET = 'a secret that is long enough to sign with';
const RULES = { secret: SECRET, audience: 'drumline' };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

interface Claims {
  readonly alg?: string;
  readonly key?: Parameters<SignJWT['sign']>[0];
  readonly aud?: string | undefined;
  readonly exp?: string | undefined;
  readonly nbf?: string;
  readonly more?: Readonly<Record<string, unknown>>;
}

function fail(error: Error): never {
  throw error;
}

/** `undefined` leaves a claim out. */
function sign({ alg = 'HS256', key = bytes(SECRET), nbf, more, ...claims }: Claims = {}): Promise<string> {
  const { aud, exp } = { aud: 'drumline', exp: '1h', ...claims };
  const token = new SignJWT({ scope: 'read:a openid emit:b/*', ...more }).setProtectedHeader({ alg });
  if (aud !== undefined) token.setAudience(aud);
  if (exp !== undefined) token.setExpirationTime(exp);
  if (nbf !== undefined) token.setNotBefore(nbf);
  return token.sign(key);
}

test('a token of ours grants what it was signed for, until it ends, and no longer than who gave it out', async () => {
  const now = Date.now();
  const order = { grants: ['read:a', 'observe:a'], expiresInSeconds: 60, givenBy: ['key backend 1234'] };
  const { token, id, expiresAt } = await signToken(RULES, order, now);
  const viewer = await createTokenVerifier(RULES).verify(token);
  expect([may(viewer, 'read', 'a'), may(viewer, 'emit', 'a'), may(viewer, 'read', 'b')]).toEqual([true, false, false]);
  expect([viewer.expiresAt, expiresAt]).toEqual([expiresAt, (Math.ceil(now / 1_000) + 60) * 1_000]);
  expect(viewer.credentials).toEqual([id, 'key backend 1234']);
});

test('scopes of others are passed over', async () => {
  const viewer = await createTokenVerifier(RULES).verify(await sign());
  expect([may(viewer, 'read', 'a'), may(viewer, 'emit', 'b/1'), may(viewer, 'emit', 'a')]).toEqual([true, true, false]);
});

describe('refused', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const publicAsSecret = bytes(rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString());
  const cases: Readonly<Record<string, () => string | Promise<string>>> = {
    'no token at all': () => 'nonsense',
    'another spelling of the signature': async () => `${await sign()}=`,
    'an empty one': () => '',
    'three empty parts': () => '..',
    'the algorithm none': () =>
      new UnsecuredJWT({ scope: 'admin:*' }).setAudience('drumline').setExpirationTime('1h').encode(),
    'another secret': () => sign({ key: bytes('another secret that is long enough too') }),
    'another audience': () => sign({ aud: 'another' }),
    'no audience': () => sign({ aud: undefined }),
    'no end': () => sign({ exp: undefined }),
    'one that has expired': () => sign({ exp: '-1s' }),
    'one that is not valid yet': () => sign({ nbf: '1h' }),
    'another algorithm with the same secret': () => sign({ alg: 'HS512' }),
    'a public key taken for the secret': () => sign({ key: publicAsSecret }),
    'a key of one’s own': () => sign({ alg: 'RS256', key: rsa.privateKey }),
    'claims of other types': () => sign({ more: { scope: 7 } }),
    'one that is too long': () => sign({ more: { padding: 'x'.repeat(9_000) } }),
  };
  test.each(Object.entries(cases))('%s', async (_name, make) => {
    const verifier = createTokenVerifier(RULES);
    await expect(verifier.verify(await make())).rejects.toBeInstanceOf(UnauthenticatedError);
  });

  test('an issuer that is not the one', async () => {
    const verifier = createTokenVerifier({ ...RULES, issuer: 'https://id.example' });
    await expect(verifier.verify(await sign())).rejects.toBeInstanceOf(UnauthenticatedError);
    await expect(verifier.verify(await sign({ more: { iss: 'https://id.example' } }))).resolves.toBeDefined();
  });
});

describe('public keys', () => {
  const UNTROUBLED = { onTrouble: fail };
  const verifierOf = (keys: WatchedFile<PublicKeys>): TokenVerifier =>
    createTokenVerifier({ audience: 'drumline', publicKeys: () => keys.value });
  const pairs = {
    RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
    ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    EdDSA: generateKeyPairSync('ed25519'),
  };

  test.each(Object.entries(pairs))('%s, from a PEM file and from a JWKS', async (alg, { publicKey, privateKey }) => {
    await using directory = await openTempDir();
    const pem = path.join(directory.path, 'key.pem');
    await writeFile(pem, publicKey.export({ type: 'spki', format: 'pem' }));
    const jwks = path.join(directory.path, 'jwks.json');
    await writeFile(jwks, JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), alg }] }));
    const token = await sign({ alg, key: privateKey });
    for (const place of [pem, jwks]) {
      using keys = await openPublicKeys(place, UNTROUBLED);
      const verifier = verifierOf(keys);
      await expect(verifier.verify(token)).resolves.toMatchObject({ name: 'token without a name' });
      // A secret that was not configured verifies nothing.
      await expect(verifier.verify(await sign())).rejects.toBeInstanceOf(UnauthenticatedError);
    }
  });

  test('over HTTP; while they cannot be fetched nobody can tell, which is no refusal', async () => {
    const { publicKey, privateKey } = pairs.ES256;
    let isUp = false;
    const provider = createServer((_request, response) => {
      if (!isUp) response.writeHead(500).end();
      else void exportJWK(publicKey).then((key) => response.end(JSON.stringify({ keys: [{ ...key, alg: 'ES256' }] })));
    });
    await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = provider.address() as AddressInfo;
      using keys = await openPublicKeys(`http://127.0.0.1:${port}/`, UNTROUBLED);
      const verifier = verifierOf(keys);
      const token = await sign({ alg: 'ES256', key: privateKey });
      await expect(verifier.verify(token)).rejects.not.toBeInstanceOf(UnauthenticatedError);
      isUp = true;
      await expect(verifier.verify(token)).resolves.toBeDefined();
    } finally {
      provider.close();
    }
  });

  test('a file is read again when it changes; while it cannot be, the keys from before hold', async () => {
    await using directory = await openTempDir();
    const file = path.join(directory.path, 'keys');
    const change = async (alg: keyof typeof pairs): Promise<void> => {
      await writeFile(`${file}.new`, pairs[alg].publicKey.export({ type: 'spki', format: 'pem' }));
      await rename(`${file}.new`, file);
    };
    const signed = (alg: keyof typeof pairs): Promise<string> => sign({ alg, key: pairs[alg].privateKey });
    await change('ES256');
    const troubles: Error[] = [];
    using keys = await openPublicKeys(file, { everyMs: 5, onTrouble: (error) => troubles.push(error) });
    const verifier = verifierOf(keys);
    await writeFile(file, 'half a fi');
    await waitFor(() => !keys.isCurrent, { withinMs: 5_000, what: 'the trouble' });
    await expect(verifier.verify(await signed('ES256'))).resolves.toBeDefined();
    await change('EdDSA');
    await waitFor(() => keys.isCurrent, { withinMs: 5_000, what: 'the file to be read' });
    await expect(verifier.verify(await signed('EdDSA'))).resolves.toBeDefined();
    await expect(verifier.verify(await signed('ES256'))).rejects.toBeInstanceOf(UnauthenticatedError);
    expect(new Set(troubles.map(({ name }) => name))).toEqual(new Set(['PublicKeysError']));
  });

  test('a file that is not there, a private key, or something else is said at the start', async () => {
    await using directory = await openTempDir();
    const file = path.join(directory.path, 'keys');
    const open = (): Promise<unknown> => openPublicKeys(file, UNTROUBLED);
    await expect(open()).rejects.toMatchObject({ code: 'PUBLIC_KEYS_INVALID' });
    await writeFile(file, pairs.ES256.privateKey.export({ type: 'pkcs8', format: 'pem' }));
    await expect(open()).rejects.toMatchObject({ code: 'PUBLIC_KEYS_INVALID' });
    await writeFile(file, 'hello');
    await expect(open()).rejects.toMatchObject({ code: 'PUBLIC_KEYS_INVALID' });
  });
});
