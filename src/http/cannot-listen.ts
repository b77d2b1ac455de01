import { UploadError } from '../contract/errors.js';
import { networkErrorName } from './call.js';
import type { ListenAddress } from './listen-address.js';

/** The error for a setting that names where to listen, and it cannot be done. */
export const cannotListen = (setting: string, { host, port }: ListenAddress, cause: unknown): UploadError =>
  new UploadError(
    'SETTINGS_INVALID',
    `${setting}: nothing can be served at port ${port} of ${host} (${networkErrorName(cause)})`,
    { cause, action: 'Choose another address or port.' },
  );
