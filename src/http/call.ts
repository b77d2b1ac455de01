import { type Dispatcher, errors, request } from 'undici';
import type { ErrorCode } from '../contract/errors.js';
import { UploadError } from '../contract/errors.js';
import { networkErrorName } from './network-error.js';

/** Longer than the 29 s after which API Gateway ends a call, so that its response arrives. */
const RESPONSE_TIMEOUT_MS = 35_000;
const MAX_RESPONSE_BYTES = 64 * 1024 * 1024;

/** A small HTTP request, and how errors name it. */
export interface HttpCall {
  /** What the call does, in the imperative, for error messages: `presign pk.csv`. */
  readonly purpose: string;
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  /** Error code if there is no connection, or it drops. */
  readonly unreachable: ErrorCode;
}

/** An HTTP response with its whole body. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: Dispatcher.ResponseData['headers'];
  readonly text: string;
}

/**
 * Makes one HTTP call without retries, and returns the whole response, whatever its status.
 *
 * @throws {@link UploadError} with `call.unreachable` if there is no connection, it drops, or no data arrives for 35 s
 * @throws the signal's reason if aborted
 */
export async function callOnce(
  call: HttpCall,
  dispatcher: Dispatcher,
  signal?: AbortSignal,
): Promise<HttpResponse> {
  try {
    const response = await request(call.url, {
      method: call.method,
      headers: { accept: 'application/json', ...call.headers },
      body: call.body ?? null,
      dispatcher,
      signal: signal ?? null,
      headersTimeout: RESPONSE_TIMEOUT_MS,
      bodyTimeout: RESPONSE_TIMEOUT_MS,
    });
    return { status: response.statusCode, headers: response.headers, text: await readText(response.body) };
  } catch (cause) {
    if (signal?.aborted) throw signal.reason;
    const { host } = new URL(call.url);
    throw new UploadError(
      call.unreachable,
      `Cannot ${call.purpose}: ${host} did not respond (${networkErrorName(cause)})`,
      { cause },
    );
  }
}

async function readText(body: Dispatcher.ResponseData['body']): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_RESPONSE_BYTES)
      throw new errors.ResponseExceededMaxSizeError(`more than ${MAX_RESPONSE_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
