import ipaddr from 'ipaddr.js';
import { addressIn } from './address.js';

type Range = ReturnType<typeof ipaddr.parseCIDR>;

/**
 * Allow-list of hosts and addresses from a setting: `files.example.com`, `*.example.com` for all subdomains,
 * `10.1.2.3`, `fd00::7`, and ranges such as `10.1.0.0/16`.
 */
export class HostList {
  readonly #names: readonly string[];
  readonly #ranges: readonly Range[];

  /** @throws Error naming the first invalid entry */
  constructor(entries: readonly string[] = []) {
    const ranges = entries.map(parseRange);
    this.#ranges = ranges.filter((range) => range !== undefined);
    this.#names = entries.filter((_, index) => ranges[index] === undefined).map(parseName);
  }

  get isEmpty(): boolean {
    return this.#names.length === 0 && this.#ranges.length === 0;
  }

  /** Reports whether a URL's host is on the list. If the host is an IP address, a range may contain it. */
  has({ hostname }: URL): boolean {
    const address = addressIn(hostname);
    if (address !== undefined) return this.hasAddress(address);
    const host = hostname.replace(/\.$/, '');
    return this.#names.some((name) =>
      name.startsWith('*.') ? host.endsWith(name.slice(1)) && host.length >= name.length : host === name,
    );
  }

  /** Reports whether an IP address, or a range that contains it, is on the list. Host names are not resolved. */
  hasAddress(text: string): boolean {
    if (!ipaddr.isValid(text)) return false;
    const address = ipaddr.parse(text);
    return this.#ranges.some((range) => address.kind() === range[0].kind() && address.match(range));
  }
}

function parseRange(entry: string): Range | undefined {
  if (ipaddr.isValidCIDR(entry)) return ipaddr.parseCIDR(entry);
  const address = addressIn(entry);
  if (address === undefined) return undefined;
  const parsed = ipaddr.parse(address);
  return [parsed, parsed.kind() === 'ipv4' ? 32 : 128];
}

/** Converts a host name to the spelling used in URLs: lower case and ASCII only. */
function parseName(entry: string): string {
  const [, wildcard = '', name = ''] = /^(\*\.)?([^*/:?#@\\[\]\s%]+)$/.exec(entry) ?? [];
  const url = URL.canParse(`https://${name}`) ? new URL(`https://${name}`) : undefined;
  if (!url || addressIn(url.hostname) !== undefined)
    throw new Error(
      `"${entry}" is neither a host name (files.example.com, *.example.com) nor an address or address range (10.1.2.3, 10.1.0.0/16)`,
    );
  return wildcard + url.hostname.replace(/\.$/, '');
}
