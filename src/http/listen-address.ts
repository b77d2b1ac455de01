import { UploadError } from '../contract/errors.js';
import { networkErrorName } from './network-error.js';

/** Address and port at which a server listens. */
export interface ListenAddress {
  /** Host name or IP address, without the brackets of IPv6. */
  readonly host: string;
  /** Port. 0 picks a free port. */
  readonly port: number;
}

const MAX_PORT = 65_535;

/** Parses `ADDRESS:PORT`, e.g. `127.0.0.1:9464` or `[::1]:9464`. Returns `undefined` if the text is anything else. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const [, bracketed, plain, port] = /^(?:\[([\da-f:.]+)\]|([^:\s]+)):(\d{1,5})$/i.exec(text) ?? [];
  const host = bracketed ?? plain;
  return host !== undefined && Number(port) <= MAX_PORT ? { host, port: Number(port) } : undefined;
}

/** Returns the error for a setting with an address where the program cannot listen. */
export const cannotListen = (setting: string, { host, port }: ListenAddress, cause: unknown): UploadError =>
  new UploadError(
    'SETTINGS_INVALID',
    `${setting}: cannot listen on port ${port} of ${host} (${networkErrorName(cause)})`,
    { cause, action: 'Choose another address or port.' },
  );
