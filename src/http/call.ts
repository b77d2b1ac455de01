import { type Dispatcher, errors, request } from 'undici';
import type { ErrorCode } from '../contract/errors.js';
import { UploadError } from '../contract/errors.js';
import { shortenText } from '../util/shorten-text.js';

/** Longer than the 29 s at which API Gateway cuts a call, so that its own answer is seen. */
const ANSWER_TIMEOUT_MS = 35_000;
const MAX_RESPONSE_BYTES = 64 * 1024 * 1024;

/** A small HTTP call: what is sent, and what to name it in errors. */
export interface HttpCall {
  /** What the call is for, as errors name it: "presign pk.csv". */
  readonly purpose: string;
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  /** Code of the error when there is no connection or it is cut. */
  readonly unreachable: ErrorCode;
}

/** An answer, read to its end. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: Dispatcher.ResponseData['headers'];
  readonly text: string;
}

/**
 * Makes one call, once, and reads the whole answer, whatever its status.
 *
 * @throws {@link UploadError} with `call.unreachable` when there is no connection, no answer within 35 s, or it breaks off
 * @throws the signal's reason when aborted
 */
export async function callOnce(
  call: HttpCall,
  dispatcher: Dispatcher,
  signal?: AbortSignal,
): Promise<HttpResponse> {
  try {
    const answer = await request(call.url, {
      method: call.method,
      headers: { accept: 'application/json', ...call.headers },
      body: call.body ?? null,
      dispatcher,
      signal: signal ?? null,
      headersTimeout: ANSWER_TIMEOUT_MS,
      bodyTimeout: ANSWER_TIMEOUT_MS,
    });
    return { status: answer.statusCode, headers: answer.headers, text: await readText(answer.body) };
  } catch (cause) {
    if (signal?.aborted) throw signal.reason;
    const { host } = new URL(call.url);
    throw new UploadError(
      call.unreachable,
      `To ${call.purpose}, ${host} did not answer (${networkErrorName(cause)})`,
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

/** The short name of a network failure: `ECONNREFUSED`, `UND_ERR_HEADERS_TIMEOUT`… */
export function networkErrorName(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return networkErrorName(error.errors[0]);
  if (!(error instanceof Error)) return shortenText(String(error));
  const [, status] = /^Proxy response \((\d+)\)/.exec(error.message) ?? [];
  if (status) return `the proxy answered ${status}`;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error.cause === undefined ? error.name : networkErrorName(error.cause);
}
