import type { Readable } from 'node:stream';
import { type Dispatcher, request } from 'undici';
import type { ErrorCode } from '../contract/errors.js';
import { UploadError } from '../contract/errors.js';
import { networkErrorName } from './network-error.js';

/** Longer than the 29 s after which API Gateway ends a call, so that its response arrives. */
const RESPONSE_TIMEOUT_MS = 35_000;
/** A server that keeps sending a byte now and then must not hold a call for longer. */
const CALL_DEADLINE_MS = 60_000;
/** An unsuccessful response is read up to this size: its status decides, and its message is short. */
const MAX_ERROR_BYTES = 64 * 1024;

/** A small HTTP request, and how errors name it. */
export interface HttpCall {
  /** Purpose of the call in the imperative, for error messages: `presign pk.csv`. */
  readonly purpose: string;
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  /** Error code if there is no connection, or it drops. */
  readonly unreachable: ErrorCode;
  /** Error code if a successful response is larger than `maxBytes`. */
  readonly oversized: ErrorCode;
  /** Maximum size of a successful response in bytes. A larger one is not read to its end. */
  readonly maxBytes: number;
  /**
   * Called before the call is made. Returns a function that is called right before the first byte is sent; if it throws, nothing
   * is sent, and the call throws the same error. Only for calls with a body. Default: no check
   */
  readonly beforeSending?: (() => Promise<() => void>) | undefined;
  /** Time limit of the whole call, in milliseconds. Default: 60,000 */
  readonly deadlineMs?: number;
}

/** An HTTP response with its body: the whole body if the response is successful, otherwise the first 64 KiB of it. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: Dispatcher.ResponseData['headers'];
  readonly text: string;
}

/**
 * Makes one HTTP call without retries, and returns the response, whatever its status.
 *
 * @throws {@link UploadError} with `call.unreachable` if there is no connection, it drops, no data arrives for 35 s, or the
 * response is not complete within 60 s. With `beforeSending`, the detail `notSent` says that nothing was sent
 * @throws {@link UploadError} with `call.oversized`, final, if a successful response is too large
 * @throws what `call.beforeSending` throws
 * @throws the signal's reason if aborted
 */
export async function callOnce(
  call: HttpCall,
  dispatcher: Dispatcher,
  signal?: AbortSignal,
): Promise<HttpResponse> {
  const assertMaySend = await call.beforeSending?.();
  const deadline = AbortSignal.timeout(call.deadlineMs ?? CALL_DEADLINE_MS);
  const body = assertMaySend ? new GuardedBody(call.body ?? '', assertMaySend) : undefined;
  try {
    const response = await request(call.url, {
      method: call.method,
      headers: { accept: 'application/json', ...call.headers, ...body?.headers },
      body: body?.stream() ?? call.body ?? null,
      dispatcher,
      signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
      headersTimeout: RESPONSE_TIMEOUT_MS,
      bodyTimeout: RESPONSE_TIMEOUT_MS,
    });
    const { statusCode: status, headers } = response;
    return { status, headers, text: await readText(response, call) };
  } catch (cause) {
    if (signal?.aborted) throw signal.reason;
    if (body?.refusal !== undefined) throw body.refusal;
    if (cause instanceof UploadError) throw cause;
    const { host } = new URL(call.url);
    const reason = deadline.aborted ? 'the response was not complete in time' : networkErrorName(cause);
    throw new UploadError(call.unreachable, `Cannot ${call.purpose}: ${host} did not respond (${reason})`, {
      cause,
      ...(body && !body.wasSent ? { details: { notSent: true } } : {}),
    });
  }
}

/** A body whose first byte is only sent if a check passes at that moment. */
class GuardedBody {
  readonly headers: { readonly 'content-length': string };
  readonly #bytes: Buffer;
  readonly #assertMaySend: () => void;
  #wasSent = false;
  #refusal: unknown;

  constructor(text: string, assertMaySend: () => void) {
    this.#bytes = Buffer.from(text);
    this.#assertMaySend = assertMaySend;
    this.headers = { 'content-length': String(this.#bytes.length) };
  }

  /** True if the body, and with it the request, was given to the network. */
  get wasSent(): boolean {
    return this.#wasSent;
  }

  /** Error that the check threw. */
  get refusal(): unknown {
    return this.#refusal;
  }

  /** Undici asks for the first chunk when it has a connection, and sends the headers along with it. */
  stream(): Readable {
    return this.#chunks() as unknown as Readable; // undici takes any async iterable, its types only streams
  }

  async *#chunks(): AsyncGenerator<Buffer> {
    try {
      this.#assertMaySend();
    } catch (error) {
      this.#refusal = error;
      throw error;
    }
    this.#wasSent = true;
    yield this.#bytes;
  }
}

async function readText(
  { statusCode, body }: Dispatcher.ResponseData,
  { purpose, url, oversized, maxBytes }: HttpCall,
): Promise<string> {
  const isSuccess = statusCode >= 200 && statusCode <= 299;
  const limit = isSuccess ? maxBytes : MAX_ERROR_BYTES;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    chunks.push(chunk);
    if (bytes <= limit) continue;
    if (!isSuccess) break;
    throw new UploadError(
      oversized,
      `Cannot ${purpose}: ${new URL(url).host} returned more than ${limit.toLocaleString('en')} bytes`,
      { final: true },
    );
  }
  return Buffer.concat(chunks).subarray(0, limit).toString('utf8');
}
