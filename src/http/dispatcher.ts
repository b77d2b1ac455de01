import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContext } from 'node:tls';
import { Agent, type Dispatcher, EnvHttpProxyAgent, Pool } from 'undici';
import { isLoopback } from './address.js';
import { lookupAddress } from './lookup.js';
import { environmentProxies } from './proxies.js';

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
  const connections = { ...options, connect: { ...tls, lookup: lookupAddress } };
  const proxies = { requestTls: tls, proxyTls: tls, httpProxy: http, httpsProxy: https, noProxy: none };
  return new Agent({
    ...options,
    factory: (origin) =>
      isLoopback(new URL(origin))
        ? new Pool(origin, connections)
        : new EnvHttpProxyAgent({ ...connections, ...proxies }),
  });
}

/**
 * Returns TLS options that check certificates.
 *
 * @param extraCa additional CA certificates in PEM format. Default: only those that Node.js trusts
 */
export const tlsOptions = (extraCa?: string) => ({
  rejectUnauthorized: true,
  ...(extraCa === undefined ? {} : { secureContext: contextTrusting(extraCa) }),
});

/**
 * Returns a context that trusts a CA in addition to all that Node.js trusts: its own list, `NODE_EXTRA_CA_CERTS`, and the
 * system's CAs with `--use-system-ca` or `--use-openssl-ca`. The option `ca` would replace these, and
 * `tls.getCACertificates` is missing in Node.js 20 and does not know the CAs of OpenSSL.
 */
function contextTrusting(extraCa: string): SecureContext {
  const context = createSecureContext();
  for (const pem of [...environmentCa(), extraCa]) (context.context as NativeContext).addCACert(pem);
  return context;
}

/** Reads `NODE_EXTRA_CA_CERTS`, which Node.js 20 drops from a context when another CA is added. */
function environmentCa(): string[] {
  const { NODE_EXTRA_CA_CERTS: path } = process.env;
  try {
    return path ? [readFileSync(path, 'utf8')] : [];
  } catch {
    return []; // Node.js has printed a warning, and ignores the file.
  }
}

/** The part of Node.js's native context that `createSecureContext` calls for the option `ca`. */
interface NativeContext {
  addCACert(pem: string): void;
}
