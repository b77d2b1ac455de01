import { Agent, type buildConnector } from 'undici';
import { quote } from '../util/quote.js';
import { addressIn, isLoopback, isPublicAddress } from './address.js';
import type { HostList } from './host-list.js';
import { type LookupAll, lookupAll, lookupFunction } from './lookup.js';

/** Settings of the connections of a {@link reachableAgent}. */
export interface ReachableAgentOptions {
  /** TLS and socket options, e.g. certificate authorities. Default: those of Node.js, including `NODE_EXTRA_CA_CERTS` */
  readonly connect?: buildConnector.BuildOptions | undefined;
  /** Default: `dns.lookup`; names under `localhost` are this machine */
  readonly resolve?: LookupAll | undefined;
}

/**
 * Creates an agent that only connects to addresses that are public or allow-listed. It resolves the host name once for each
 * connection and checks those addresses, so a name that resolves differently later cannot bypass the check.
 *
 * @param forbidden returns the error for a host with another address
 */
export function reachableAgent(
  hosts: HostList,
  { connect, resolve = lookupAll }: ReachableAgentOptions,
  forbidden: (hostname: string, address: string) => Error,
): Agent {
  const checked: LookupAll = (hostname, options, callback) =>
    resolve(hostname, options, (error, addresses) => {
      const other = error ? undefined : addresses.find(({ address }) => !mayReach(hosts, address));
      callback(other ? forbidden(hostname, other.address) : error, addresses);
    });
  return new Agent({ connect: { ...connect, lookup: lookupFunction(checked) } });
}

/** Why a URL of a caller may not be requested. `why` is a clause for messages. */
export type ReachProblem =
  | { readonly kind: 'no-hosts' | 'unencrypted' | 'credentials' | 'host'; readonly why: string }
  | { readonly kind: 'address'; readonly why: string; readonly address: string };

/**
 * Returns why a URL may not be requested; `undefined` if it may. The agent checks the addresses of host names.
 *
 * @param setting name of the setting that lists the hosts
 */
export function findReachProblem(url: URL, hosts: HostList, setting: string): ReachProblem | undefined {
  if (hosts.isEmpty) return { kind: 'no-hosts', why: `${setting} is not set` };
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url)))
    return { kind: 'unencrypted', why: `${quote(url.protocol)} at ${quote(url.host)} is not encrypted` };
  if (url.username || url.password)
    return { kind: 'credentials', why: 'its URL contains a user name or password' };
  const address = addressIn(url.hostname);
  if (address !== undefined && !mayReach(hosts, address))
    return { kind: 'address', why: `the address ${address} is not public and not allow-listed`, address };
  if (hosts.has(url)) return undefined;
  return { kind: 'host', why: `the host ${quote(url.hostname)} is not allow-listed` };
}

const mayReach = (hosts: HostList, address: string) => isPublicAddress(address) || hosts.hasAddress(address);
