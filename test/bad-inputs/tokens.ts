/** Tokens with which nobody may come in, by the name that the rows call them. */
import { SignJWT, UnsecuredJWT } from 'jose';

export async function badTokens(secret: string): Promise<readonly (readonly [name: string, token: string])[]> {
  const key = new TextEncoder().encode(secret);
  const now = Math.floor(Date.now() / 1_000);
  const good = { scope: 'admin:*', aud: 'drumline', exp: now + 600 };
  const sign = (claims: object, by = key): Promise<string> =>
    new SignJWT({ ...good, ...claims }).setProtectedHeader({ alg: 'HS256' }).sign(by);
  const { exp: _exp, ...endless } = good;
  return [
    ['$EXPIRED', await sign({ exp: now - 600 })],
    ['$EARLY', await sign({ nbf: now + 600 })],
    ['$WRONG_AUDIENCE', await sign({ aud: 'another' })],
    ['$WRONG_SECRET', await sign({}, new TextEncoder().encode('another secret that is long enough to sign'))],
    ['$ENDLESS', await new SignJWT(endless).setProtectedHeader({ alg: 'HS256' }).sign(key)],
    ['$UNSIGNED', new UnsecuredJWT(good).encode()],
  ];
}
