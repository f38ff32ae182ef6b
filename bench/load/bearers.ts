/** Tokens for a server that asks who calls: one of its own for each connection, as HS256 has them. */
import { createHmac, randomUUID } from 'node:crypto';

/** @returns a token that may do everything, another at each call; undefined where nobody is asked. */
export function createBearers(secret: string | undefined): () => string | undefined {
  if (secret === undefined) return () => undefined;
  return () => {
    const claims = {
      aud: 'drumline',
      exp: Math.floor(Date.now() / 1_000) + 3_600,
      jti: randomUUID(),
      scope: 'admin:*',
    };
    const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`;
    return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
  };
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}
