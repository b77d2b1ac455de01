import { createHash, timingSafeEqual } from 'node:crypto';
import { createRemoteJWKSet, customFetch, errors, jwtVerify } from 'jose';
import { type Dispatcher, fetch } from 'undici';
import type { CodecAccess } from '../settings/settings.js';

/**
 * Returns a function that checks the `Authorization` header of a request to a codec server. It accepts the token, or a
 * JWT that the identity provider issued and signed for the audience, and throws an Error if the provider's keys cannot be fetched.
 *
 * @param dispatcher connections for fetching the identity provider's keys
 * @returns `undefined` if neither a token nor JWTs are configured
 */
export function codecAccess(
  { token, jwt }: CodecAccess,
  dispatcher: Dispatcher,
): ((authorization: string) => Promise<boolean>) | undefined {
  const isValidJwt = jwt && jwtValidator(jwt, dispatcher);
  if (!token && !isValidJwt) return undefined;
  return async (authorization) => {
    const [, bearer = ''] = /^Bearer +(\S+)$/i.exec(authorization) ?? [];
    if (!bearer) return false;
    return (
      (token !== undefined && isSame(bearer, token.reveal())) ||
      (isValidJwt !== undefined && (await isValidJwt(bearer)))
    );
  };
}

function jwtValidator(
  { jwksUrl, issuer, audience }: NonNullable<CodecAccess['jwt']>,
  dispatcher: Dispatcher,
): (bearer: string) => Promise<boolean> {
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
  return async (bearer) => {
    try {
      await jwtVerify(bearer, keys, { issuer, audience, requiredClaims: ['exp'] });
      return true;
    } catch (error) {
      if (error instanceof errors.JWKSTimeout || !(error instanceof errors.JOSEError)) throw error;
      return false;
    }
  };
}

/** Compares in constant time. */
const isSame = (actual: string, expected: string) => timingSafeEqual(sha256(actual), sha256(expected));
const sha256 = (text: string) => createHash('sha256').update(text).digest();
