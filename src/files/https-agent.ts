import { type LookupAddress, lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { Agent, type buildConnector } from 'undici';
import { UploadError } from '../contract/errors.js';
import { addressIn, isLoopback, isPublicAddress } from '../http/address.js';
import type { HostList } from '../http/host-list.js';
import { quote } from '../util/quote.js';

/** Finds the addresses of a name, as node's `dns.lookup` does. */
export type Resolve = (
  hostname: string,
  options: { all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** What can be chosen for the connections to sources. */
export interface HttpsAgentOptions {
  /** E.g. more certificate authorities. Default: what node trusts, `NODE_EXTRA_CA_CERTS` included. */
  readonly connect?: buildConnector.BuildOptions;
  /** Default: `dns.lookup`. */
  readonly resolve?: Resolve;
}

/**
 * Makes connections that lead to addresses which may be read from, and to no other. A name is looked up once
 * for a connection and its addresses are checked then: what a name leads to later, or for somebody else, does
 * not count.
 */
export function httpsAgent(hosts: HostList, { connect, resolve = lookup }: HttpsAgentOptions = {}): Agent {
  const checkedLookup: LookupFunction = (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '');
      const refused = addresses.find(({ address }) => !mayReach(hosts, address));
      if (refused) return callback(addressRefused(hostname, refused.address), '');
      const [first] = addresses;
      return options.all ? callback(null, addresses) : callback(null, first?.address ?? '', first?.family);
    });
  };
  return new Agent({ connect: { ...connect, lookup: checkedLookup } });
}

/**
 * Checks that a URL is one that the worker may read from, as far as that is known before its name is looked up.
 *
 * @param url where to read, or where a redirect leads
 * @param hosts those that were named
 * @param path the source, as messages show it
 * @throws {@link UploadError} `SOURCE_FORBIDDEN`
 */
export function assertMayReach(url: URL, hosts: HostList, path: string): void {
  if (hosts.isEmpty)
    throw new UploadError(
      'SOURCE_FORBIDDEN',
      `The source ${quote(path)} is at a host, and this worker may not read from any: APLOS_UPLOAD_SOURCE_HOSTS is not set`,
    );
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url)))
    throw new UploadError(
      'SOURCE_FORBIDDEN',
      `The source ${quote(path)} leads to ${quote(url.protocol)} at ${quote(url.host)}, which is not encrypted`,
      { action: 'Use an https: URL.' },
    );
  if (url.username || url.password)
    throw new UploadError('SOURCE_FORBIDDEN', `The source ${quote(path)} leads to a URL with a user name`, {
      action: 'Use a URL without user name and password, for example a presigned one.',
    });
  const address = addressIn(url.hostname);
  if (address !== undefined && !mayReach(hosts, address)) throw addressRefused(url.hostname, address);
  if (!hosts.has(url))
    throw new UploadError(
      'SOURCE_FORBIDDEN',
      `The source ${quote(path)} leads to the host ${quote(url.hostname)}, from which this worker may not read`,
    );
}

const mayReach = (hosts: HostList, address: string) => isPublicAddress(address) || hosts.hasAddress(address);

const addressRefused = (hostname: string, address: string) =>
  new UploadError(
    'SOURCE_FORBIDDEN',
    `The host ${quote(hostname)} leads to the address ${address}, which is not one of the internet's and was not named`,
  );
