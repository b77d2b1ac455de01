import { randomBytes } from 'node:crypto';
import { XMLBuilder } from 'fast-xml-parser';

/** An error response of S3. */
export class S3Error extends Error {
  /**
   * @param status HTTP status
   * @param code S3's error code, e.g. `AccessDenied`
   * @param message message of S3
   */
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }

  /** Response body of the error. */
  get xml(): string {
    const RequestId = randomBytes(8).toString('hex').toUpperCase();
    const HostId = randomBytes(56).toString('base64');
    const xml = new XMLBuilder().build({
      Error: { Code: this.code, Message: this.message, RequestId, HostId },
    });
    return `<?xml version="1.0" encoding="UTF-8"?>\n${xml}`;
  }
}

const DEFAULTS: Readonly<Record<number, readonly [code: string, message: string]>> = {
  301: [
    'PermanentRedirect',
    'The bucket you are attempting to access must be addressed using the specified endpoint.',
  ],
  307: ['TemporaryRedirect', 'Please re-send this request to the specified temporary endpoint.'],
  400: [
    'RequestTimeout',
    'Your socket connection to the server was not read from or written to within the timeout period.',
  ],
  403: ['AccessDenied', 'Access Denied'],
  409: [
    'OperationAborted',
    'A conflicting conditional operation is currently in progress against this resource.',
  ],
  500: ['InternalError', 'We encountered an internal error. Please try again.'],
  503: ['SlowDown', 'Please reduce your request rate.'],
};

/** Returns the usual error of S3 for a status. */
export function defaultS3Error(status: number): S3Error {
  const [code, message] = DEFAULTS[status] ?? [
    'InternalError',
    'We encountered an internal error. Please try again.',
  ];
  return new S3Error(status, code, message);
}
