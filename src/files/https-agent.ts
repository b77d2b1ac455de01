import { Agent, type buildConnector } from 'undici';
import { UploadError } from '../contract/errors.js';
import { addressIn, isLoopback, isPublicAddress } from '../http/address.js';
import type { HostList } from '../http/host-list.js';
import { type LookupAll, lookupAll, lookupFunction } from '../http/lookup.js';
import { quote } from '../util/quote.js';

/** Settings of the connections to sources. */
export interface HttpsAgentOptions {
  /** TLS and socket options, e.g. certificate authorities. Default: those of Node.js, including `NODE_EXTRA_CA_CERTS` */
  readonly connect?: buildConnector.BuildOptions;
  /** Default: `dns.lookup`; names under `localhost` are this machine */
  readonly resolve?: LookupAll;
}

/**
 * Creates an agent that only connects to addresses that the worker may read from. It resolves the host name once for each
 * connection and checks those addresses, so a name that resolves differently later cannot bypass the check.
 */
export function httpsAgent(hosts: HostList, { connect, resolve = lookupAll }: HttpsAgentOptions = {}): Agent {
  const checked: LookupAll = (hostname, options, callback) =>
    resolve(hostname, options, (error, addresses) => {
      const forbidden = error ? undefined : addresses.find(({ address }) => !mayReach(hosts, address));
      callback(forbidden ? addressForbidden(hostname, forbidden.address) : error, addresses);
    });
  return new Agent({ connect: { ...connect, lookup: lookupFunction(checked) } });
}

/**
 * Checks that the worker may read from a URL, except for the addresses of a host name, which {@link httpsAgent} checks.
 *
 * @param url URL of the source, or of a redirect
 * @param hosts allow-listed hosts and addresses
 * @param path the source as shown in messages
 * @throws {@link UploadError} `SOURCE_FORBIDDEN`
 */
export function assertMayReach(url: URL, hosts: HostList, path: string): void {
  if (hosts.isEmpty)
    throw new UploadError(
      'SOURCE_FORBIDDEN',
      `The worker may not read the source ${quote(path)}: APLOS_UPLOAD_SOURCE_HOSTS is not set`,
    );
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url)))
    throw new UploadError(
      'SOURCE_FORBIDDEN',
      `The worker may not read the source ${quote(path)}: ${quote(url.protocol)} at ${quote(url.host)} is not encrypted`,
      { action: 'Use an https: URL.' },
    );
  if (url.username || url.password)
    throw new UploadError(
      'SOURCE_FORBIDDEN',
      `The worker may not read the source ${quote(path)}: its URL contains a user name or password`,
      {
        action: 'Use a URL without them, e.g. a presigned one.',
      },
    );
  const address = addressIn(url.hostname);
  if (address !== undefined && !mayReach(hosts, address)) throw addressForbidden(url.hostname, address);
  if (!hosts.has(url))
    throw new UploadError(
      'SOURCE_FORBIDDEN',
      `The worker may not read the source ${quote(path)}: the host ${quote(url.hostname)} is not allow-listed`,
    );
}

const mayReach = (hosts: HostList, address: string) => isPublicAddress(address) || hosts.hasAddress(address);

const addressForbidden = (hostname: string, address: string) =>
  new UploadError(
    'SOURCE_FORBIDDEN',
    `The worker may not connect to the host ${quote(hostname)}: its address ${address} is not public and not allow-listed`,
  );
