import { readFileSync } from 'node:fs';
import { createSecureContext, rootCertificates } from 'node:tls';
import { type Agent, type Dispatcher, EnvHttpProxyAgent } from 'undici';
import { environmentProxies, NEVER_PROXIED } from './proxies.js';

/**
 * Makes what connects to servers over HTTP: it checks certificates, whatever the environment says, neither retries nor
 * follows redirects, and goes through the proxies that `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` name, but never
 * through one to this machine. Whoever makes one destroys it.
 *
 * @param extraCa certificates, as PEM, that servers may prove themselves with too. Default: only those that Node.js trusts
 * @param options more for undici's agent, e.g. `connections`. Default: undici's own
 * @throws UploadError `SETTINGS_INVALID` when a proxy's URL is none
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
 * How servers have to prove themselves: always.
 *
 * @param extraCa certificates, as PEM, that servers may prove themselves with too. Default: only those that Node.js trusts
 */
export const tlsOptions = (extraCa?: string) => ({
  rejectUnauthorized: true,
  ...(extraCa === undefined ? {} : { secureContext: createSecureContext({ ca: [...trusted(), extraCa] }) }),
});

/** What Node.js trusts by default; a context with certificates of its own would trust only those. */
function trusted(): string[] {
  const { NODE_EXTRA_CA_CERTS: more } = process.env;
  return more ? [...rootCertificates, readFileSync(more, 'utf8')] : [...rootCertificates];
}
