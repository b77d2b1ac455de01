import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Returns the IP address in a URL's host, without the brackets of IPv6; `undefined` if the host is a name. */
export function addressIn(hostname: string): string | undefined {
  const bare = hostname.replace(/^\[(.*)\]$/, '$1');
  return isIP(bare) ? bare : undefined;
}

/**
 * Reports whether a host is this machine, so that data sent there may stay unencrypted and never goes through a proxy:
 * 127.0.0.0/8, also as mapped IPv6 addresses, ::1, `localhost` and the names under it. `lookupAll` ensures that these
 * names are resolved to this machine.
 *
 * @param host URL, host name or IP address; a name or an address may have a port: `localhost:7233`, `[::1]:7233`
 */
export function isLoopback(host: string | URL): boolean {
  const hostname = host instanceof URL ? host.hostname : withoutPort(host);
  const address = addressIn(hostname);
  return address === undefined
    ? /(^|\.)localhost\.?$/i.test(hostname)
    : ipaddr.process(address).range() === 'loopback';
}

const withoutPort = (host: string) => (isIP(host) ? host : host.replace(/:\d+$/, ''));

/** IPv6 addresses assigned for the internet. All others are private, mapped, translated or reserved. */
const GLOBAL_IPV6 = ipaddr.parseCIDR('2000::/3');
/** Serves the metadata of virtual machines on Azure, although the address is in a public range. */
const AZURE_METADATA = '168.63.129.16';

/** Reports whether an IP address is on the internet: not loopback, link-local, private, shared, multicast or reserved. */
export function isPublicAddress(text: string): boolean {
  if (!ipaddr.isValid(text) || text === AZURE_METADATA) return false;
  const address = ipaddr.parse(text);
  if (address.kind() === 'ipv6' && !address.match(GLOBAL_IPV6)) return false;
  return address.range() === 'unicast';
}
