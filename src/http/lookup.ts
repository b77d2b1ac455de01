import { type LookupAddress, lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { isLoopback } from './address.js';

/** Resolves a host name to its addresses, like `dns.lookup` of Node.js. */
export type LookupAll = (
  hostname: string,
  options: { all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * Resolves a host name with `dns.lookup`. Names under `localhost` are this machine, as RFC 6761 requires: many resolvers
 * ask DNS for them, and a DNS server can return any address.
 */
export const lookupAll: LookupAll = (hostname, options, callback) =>
  lookup(isLoopback(hostname) ? 'localhost' : hostname, options, callback);

/** Converts a lookup to the shape that sockets expect. */
export const lookupFunction =
  (resolve: LookupAll): LookupFunction =>
  (hostname, options, callback) =>
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      const [first] = addresses ?? [];
      if (options.all || error) callback(error, addresses);
      else callback(null, first?.address ?? '', first?.family);
    });

/** {@link lookupAll} in the shape that sockets expect. */
export const lookupAddress: LookupFunction = lookupFunction(lookupAll);
