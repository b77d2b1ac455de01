import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

type Address = ReturnType<typeof ipaddr.parse>;
type Range = ReturnType<typeof ipaddr.parseCIDR>;

/**
 * Hosts and addresses that were named in a setting: `files.example.com`, `*.example.com` for all below it,
 * `10.1.2.3`, `fd00::7`, and ranges such as `10.1.0.0/16`.
 */
export class HostList {
  readonly #names: readonly string[];
  readonly #ranges: readonly Range[];

  /** @throws Error naming the entry that is none of these */
  constructor(entries: readonly string[] = []) {
    const ranges = entries.map(rangeOf);
    this.#ranges = ranges.filter((range) => range !== undefined);
    this.#names = entries.filter((_, index) => ranges[index] === undefined).map(nameOf);
  }

  get isEmpty(): boolean {
    return this.#names.length === 0 && this.#ranges.length === 0;
  }

  /** Whether a URL's host is named. An address is, where a range has it. */
  has({ hostname }: URL): boolean {
    const address = addressIn(hostname);
    if (address !== undefined) return this.hasAddress(address);
    const host = hostname.replace(/\.$/, '');
    return this.#names.some((name) =>
      name.startsWith('*.') ? host.endsWith(name.slice(1)) && host.length >= name.length : host === name,
    );
  }

  /** Whether an address is named, by itself or by a range. A name does not name its addresses. */
  hasAddress(text: string): boolean {
    if (!ipaddr.isValid(text)) return false;
    const address = ipaddr.parse(text);
    return this.#ranges.some((range) => isWithin(range, address));
  }
}

/** The address that a URL's host is, if it is no name; without the brackets of IPv6. */
export function addressIn(hostname: string): string | undefined {
  const bare = hostname.replace(/^\[(.*)\]$/, '$1');
  return isIP(bare) ? bare : undefined;
}

/** Of IPv6, what is given out for the internet; all else is private, mapped, translated or reserved. */
const GLOBAL_IPV6 = ipaddr.parseCIDR('2000::/3');
/** Where Azure's virtual machines find their metadata: no range tells it from the internet. */
const AZURE_METADATA = '168.63.129.16';

/** Whether an address is one of the internet's: not loopback, link-local, private, shared, multicast or reserved. */
export function isPublicAddress(text: string): boolean {
  if (!ipaddr.isValid(text) || text === AZURE_METADATA) return false;
  const address = ipaddr.parse(text);
  if (address.kind() === 'ipv6' && !isWithin(GLOBAL_IPV6, address)) return false;
  return address.range() === 'unicast';
}

/** Whether a URL's host is this machine, by its address or by the name `localhost`. */
export function isLoopback({ hostname }: URL): boolean {
  const address = addressIn(hostname);
  if (address === undefined) return /^(.+\.)?localhost\.?$/.test(hostname);
  return ipaddr.parse(address).range() === 'loopback';
}

function rangeOf(entry: string): Range | undefined {
  if (ipaddr.isValidCIDR(entry)) return ipaddr.parseCIDR(entry);
  const address = addressIn(entry);
  if (address === undefined) return undefined;
  const parsed = ipaddr.parse(address);
  return [parsed, parsed.kind() === 'ipv4' ? 32 : 128];
}

const isWithin = (range: Range, address: Address) =>
  address.kind() === range[0].kind() && address.match(range);

/** A name as URLs have it: in lower case, of ASCII alone. */
function nameOf(entry: string): string {
  const [, wildcard = '', name = ''] = /^(\*\.)?([^*/:?#@\\[\]\s%]+)$/.exec(entry) ?? [];
  const url = URL.canParse(`https://${name}`) ? new URL(`https://${name}`) : undefined;
  if (!url || addressIn(url.hostname) !== undefined)
    throw new Error(
      `"${entry}" is neither a host name (files.example.com, *.example.com) nor an address or range of addresses (10.1.2.3, 10.1.0.0/16)`,
    );
  return wildcard + url.hostname.replace(/\.$/, '');
}
