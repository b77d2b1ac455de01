import { readFileSync } from 'node:fs';
import { createSecureContext, rootCertificates } from 'node:tls';
import { type Agent, type Dispatcher, EnvHttpProxyAgent } from 'undici';
import { environmentProxies, NEVER_PROXIED } from './proxies.js';

/**
 * Creates a dispatcher for HTTP requests. It checks certificates even if the environment turns that off, neither retries
 * nor follows redirects, and uses the proxies in `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, except to reach this machine.
 * The caller must destroy it.
 *
 * @param extraCa additional CA certificates in PEM format. Default: only those that Node.js trusts
 * @param options options of undici's agent, e.g. `connections`. Default: those of undici
 * @throws UploadError `SETTINGS_INVALID` if the URL of a proxy is invalid
 */
export function createDispatcher(extraCa?: string, options: Agent.Options = {}): Dispatcher {
  const tls = tlsOptions(extraCa);
  const { http, https, none } = environmentProxies();
  return new EnvHttpProxyAgent({
    ...options,
    connect: tls,
    requestTls: tls,
    proxyTls: tls,
    httpProxy: http,
    httpsProxy: https,
    noProxy: none === '*' ? none : [none, ...NEVER_PROXIED].join(','),
  });
}

/**
 * Returns TLS options that check certificates.
 *
 * @param extraCa additional CA certificates in PEM format. Default: only those that Node.js trusts
 */
export const tlsOptions = (extraCa?: string) => ({
  rejectUnauthorized: true,
  ...(extraCa === undefined
    ? {}
    : { secureContext: createSecureContext({ ca: [...trustedByDefault(), extraCa] }) }),
});

/** Returns the CA certificates that Node.js trusts by default, because a secure context with a `ca` trusts only that. */
function trustedByDefault(): string[] {
  const { NODE_EXTRA_CA_CERTS: extraFile } = process.env;
  return extraFile ? [...rootCertificates, readFileSync(extraFile, 'utf8')] : [...rootCertificates];
}
