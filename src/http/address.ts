import { isIPv4, isIPv6 } from 'node:net';

/** Whether an address, with or without a port, is one of this machine. */
export function isLoopback(address: string): boolean {
  const host = isIPv6(address) ? address : address.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}
