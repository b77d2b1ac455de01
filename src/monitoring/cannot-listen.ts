import type { ListenAddress } from '../config.js';
import { UploadError } from '../contract/errors.js';
import { failureName } from '../http/call.js';

/** The error for a setting that names where to listen, and it cannot be done. */
export const cannotListen = (setting: string, { host, port }: ListenAddress, cause: unknown): UploadError =>
  new UploadError(
    'SETTINGS_INVALID',
    `${setting}: nothing can be served at port ${port} of ${host} (${failureName(cause)})`,
    { cause, action: 'Choose another address or port.' },
  );
