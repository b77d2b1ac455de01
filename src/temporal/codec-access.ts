import { createHash, timingSafeEqual } from 'node:crypto';
import { createRemoteJWKSet, customFetch, errors, jwtVerify } from 'jose';
import { type Dispatcher, fetch } from 'undici';
import type { CodecServerSettings } from '../settings/settings.js';

/**
 * Who may use a codec server: whoever sends the token, or a JWT that the identity provider has signed for the
 * audience. `undefined` where neither is set.
 *
 * @param dispatcher for the identity provider's keys
 * @throws the returned function: Error when the keys cannot be fetched
 */
export function codecAccess(
  { token, jwt }: CodecServerSettings,
  dispatcher: Dispatcher,
): ((authorization: string) => Promise<boolean>) | undefined {
  const isJwt = jwt && jwtCheck(jwt, dispatcher);
  if (!token && !isJwt) return undefined;
  return async (authorization) => {
    const [, given = ''] = /^Bearer +(\S+)$/i.exec(authorization) ?? [];
    if (!given) return false;
    return (
      (token !== undefined && isSame(given, token.reveal())) || (isJwt !== undefined && (await isJwt(given)))
    );
  };
}

function jwtCheck(
  { jwksUrl, audience }: NonNullable<CodecServerSettings['jwt']>,
  dispatcher: Dispatcher,
): (given: string) => Promise<boolean> {
  const keys = createRemoteJWKSet(new URL(jwksUrl), {
    [customFetch]: (url, { method, headers, redirect, signal }) =>
      fetch(url, {
        method,
        headers: [...headers],
        redirect,
        signal,
        dispatcher,
      }) as unknown as Promise<Response>,
  });
  return async (given) => {
    try {
      await jwtVerify(given, keys, { audience, requiredClaims: ['exp'] });
      return true;
    } catch (error) {
      if (error instanceof errors.JWKSTimeout || !(error instanceof errors.JOSEError)) throw error;
      return false;
    }
  };
}

/** Takes as long whichever characters differ. */
const isSame = (given: string, expected: string) => timingSafeEqual(sha256(given), sha256(expected));
const sha256 = (text: string) => createHash('sha256').update(text).digest();
