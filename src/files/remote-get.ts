import { type Dispatcher, request } from 'undici';
import { UploadError } from '../contract/errors.js';
import { type ReadTimeouts, waitFor } from './read-timeouts.js';
import { type RemoteErrors, stalled } from './remote-file.js';

/** Options of {@link remoteGet}. */
export interface RemoteGetOptions {
  /** Headers, in addition to those that request the bytes as they are. */
  readonly headers: Readonly<Record<string, string>>;
  /** Must neither retry nor follow redirects. */
  readonly dispatcher: Dispatcher;
  /** Drops the connection, also while the body is read. */
  readonly signal: AbortSignal;
  /** How the error for a server that stalls names the file. */
  readonly errors: RemoteErrors;
  /** Creates the error for a request without a response. It must not have the cause, which may quote secrets of the request. */
  readonly failed: (cause: unknown) => UploadError;
}

const HEADERS = { 'accept-encoding': 'identity', accept: '*/*' };

/**
 * Sends one GET for a file or a part of it. Returns the response of any status once its headers are there.
 *
 * @throws {@link UploadError} created by `failed`, or that of a server that stalls
 * @throws the signal's reason if the timeouts' signal is aborted
 */
export async function remoteGet(
  url: string | URL,
  { headers, dispatcher, signal, errors, failed }: RemoteGetOptions,
  timeouts: ReadTimeouts,
): Promise<Dispatcher.ResponseData> {
  try {
    const response = await waitFor(
      request(url, {
        headers: { ...HEADERS, ...headers },
        dispatcher,
        signal,
        headersTimeout: 0,
        bodyTimeout: 0,
      }),
      timeouts,
      () => stalled(errors, timeouts),
    );
    response.body.on('error', () => {}); // the reader of the body gets the error, too
    return response;
  } catch (error) {
    if (timeouts.signal?.aborted) throw timeouts.signal.reason;
    throw error instanceof UploadError ? error : failed(error);
  }
}

/** Reports whether a response has another encoding than {@link remoteGet} accepts. */
export const isEncoded = ({
  headers: { 'content-encoding': encoding = 'identity' },
}: Dispatcher.ResponseData): boolean => !/^identity$/i.test(String(encoding));
