import { z } from 'zod';

import { type ErrorCode, UploadError } from '../../contract/errors.js';
import { OversizedJsonError, parseUntrustedJson, tryParseJson } from '../../contract/parse-json.js';

import { problemsOf } from '../../contract/problems.js';
import type { HttpResponse } from '../../http/call.js';
import { retryAfterMs } from '../../http/retry-after.js';
import { shortenText } from '../../util/shorten-text.js';
import { FIELD_LIMITS, isImpossible } from '../fields.js';

/**
 * Parses a successful response of the API.
 *
 * @throws {@link UploadError} `API_ANSWER_BROKEN` if it is not JSON; `API_ANSWER_UNEXPECTED` if it does not match the schema, which
 * is final if a value is longer than it can be; or the error that its body reports
 */
export function readResponse<Schema extends z.ZodType>(
  purpose: string,
  response: HttpResponse,
  schema: Schema,
): z.output<Schema> {
  const body = parseJson(purpose, response.text);
  assertSucceeded(purpose, response, body);
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const problems = problemsOf(parsed.error, 'response');
  const final = isImpossible(parsed.error);
  const what = final ? 'a value that it cannot return' : 'JSON of an unknown shape';
  throw new UploadError(
    'API_ANSWER_UNEXPECTED',
    `Cannot ${purpose}: the Aplos API returned ${what} (${shortenText(problems.join('; '))})`,
    { final },
  );
}

/** Version 3 may report an error in the body of a response with a successful status. */
function assertSucceeded(purpose: string, response: HttpResponse, body: unknown): void {
  if (typeof body !== 'object' || body === null || !('success' in body) || body.success !== false) return;
  throw errorFromResponse(purpose, response, errorSchema.safeParse(body).data?.statusCode ?? 400);
}

function parseJson(purpose: string, text: string): unknown {
  try {
    return parseUntrustedJson(text);
  } catch (error) {
    if (error instanceof OversizedJsonError)
      throw new UploadError(
        'API_ANSWER_UNEXPECTED',
        `Cannot ${purpose}: the Aplos API returned ${error.message}`,
        {
          final: true,
        },
      );
    throw new UploadError('API_ANSWER_BROKEN', `Cannot ${purpose}: the Aplos API returned ${kindOf(text)}`);
  }
}

function kindOf(text: string): string {
  if (/^\s*</.test(text)) return 'HTML instead of JSON';
  return /^\s*[[{]/.test(text) ? 'truncated JSON' : 'text that is not JSON';
}

const text = z.string().optional().catch(undefined);
/** A delay in seconds, of up to an hour. */
const seconds = z.coerce.number().positive().max(3600).optional().catch(undefined);
const delays = { delaySeconds: seconds, retryAfterSeconds: seconds, retryAfter: seconds };
const errorMessage = z.object({ message: z.string() }).transform(({ message }) => message);
const errorSchema = z.object({
  success: z.boolean().optional().catch(undefined),
  statusCode: z.coerce.number().int().min(400).max(599).optional().catch(undefined),
  errors: z
    .array(z.unknown())
    .transform((all) => all.slice(0, FIELD_LIMITS.messages))
    .pipe(z.array(z.union([errorMessage, z.string()])))
    .catch([]),
  error: z
    .union([z.string(), z.object({ message: text, code: text, details: z.unknown().optional(), ...delays })])
    .optional()
    .catch(undefined),
  errorCode: text,
  subscriptionError: z.unknown().optional(),
  message: text,
  Message: text,
  log_id: text,
  ...delays,
});

/** Content of an error response. Texts are shortened for use in our own message. */
interface ServiceError {
  readonly message: string;
  readonly logId: string | undefined;
  /** Error code of Aplos in upper case, e.g. `VALIDATION_ERROR`. */
  readonly serviceCode: string | undefined;
  /** Delay before the next attempt, in milliseconds. `undefined` if the body names none. */
  readonly delayMs: number | undefined;
  /** Whether the application wrote the body, and not API Gateway in front of it. */
  readonly isFromService: boolean;
  /** Everything that may name the state of the subscription. */
  readonly subscription: string;
}

/** Parses an error response: that of version 1, both shapes of version 3, or that of API Gateway. */
function parseError(body: unknown): ServiceError {
  const { data } = errorSchema.safeParse(body);
  const { error, errorCode, subscriptionError } = data ?? {};
  const own = typeof error === 'string' ? { message: error } : (error ?? {});
  const details = 'details' in own ? textOf(own.details) : undefined;
  const code = errorCode ?? ('code' in own ? own.code : undefined);
  const delay = [data, 'code' in own ? own : undefined]
    .flatMap((each) => [each?.delaySeconds, each?.retryAfterSeconds, each?.retryAfter])
    .find((each) => each !== undefined);
  const reason = data?.errors.join('; ') || own.message || data?.message || data?.Message || '';
  const message = [reason, details, textOf(subscriptionError)].filter(Boolean).join('; ');
  return {
    message: shortenText(message),
    logId: data?.log_id,
    delayMs: delay === undefined ? undefined : delay * 1_000,
    isFromService: data?.success === false || code !== undefined || (data?.errors.length ?? 0) > 0,
    serviceCode: code?.toUpperCase(),
    subscription: `${code ?? ''} ${message}`,
  };
}

const textOf = (value: unknown): string | undefined =>
  value === undefined || value === null || typeof value === 'string'
    ? (value ?? undefined)
    : JSON.stringify(value);

/**
 * Returns the error for an unsuccessful response of the API.
 *
 * @param status status that the response reports. Default: its HTTP status
 */
export function errorFromResponse(
  purpose: string,
  response: HttpResponse,
  status = response.status,
): UploadError {
  const { message, logId, serviceCode, subscription, delayMs } = parseError(tryParseJson(response.text));
  const returned = [
    `status ${status}`,
    serviceCode && shortenText(serviceCode),
    message,
    logId && `log ID ${shortenText(logId)}`,
  ]
    .filter(Boolean)
    .join(', ');
  const isRefusal = status < 500;
  const code =
    codeOfService(serviceCode) ?? (isRefusal ? subscriptionCode(subscription) : undefined) ?? codeOf(status);
  return new UploadError(code, `Cannot ${purpose}: the Aplos API returned ${returned}`, {
    details: { status, ...(serviceCode ? { serviceCode: shortenText(serviceCode) } : {}) },
    retryAfterMs: retryAfterMs(response.headers['retry-after']) ?? delayMs,
  });
}

/** Reports whether the application refused a call with a reason of its own, rather than API Gateway in front of it. */
export const isRefusedByService = ({ text }: HttpResponse): boolean =>
  parseError(tryParseJson(text)).isFromService;

/** Returns what an error code of Aplos means; `undefined` if the status says it better. */
function codeOfService(serviceCode: string | undefined): ErrorCode | undefined {
  switch (serviceCode) {
    case 'VALIDATION_ERROR':
      return 'API_REFUSED';
    case 'NOT_FOUND':
      return 'API_NOT_FOUND';
    case 'RATE_LIMIT_EXCEEDED':
      return 'API_THROTTLED';
    case 'QUOTA_EXCEEDED':
      return 'ALLOCATION_EXHAUSTED';
    case 'RESOURCE_DELETED':
      return 'API_DELETED';
    default:
      return undefined;
  }
}

/** Returns the code for a subscription that does not allow a call; `undefined` if the response is not about that. */
function subscriptionCode(text: string): ErrorCode | undefined {
  if (!/subscription/i.test(text)) return undefined;
  if (/expired/i.test(text)) return 'SUBSCRIPTION_EXPIRED';
  if (/disabled|deactivated|inactive/i.test(text)) return 'SUBSCRIPTION_DISABLED';
  return /restricted|unpaid|past[ _-]?due/i.test(text) ? 'SUBSCRIPTION_RESTRICTED' : undefined;
}

function codeOf(status: number): ErrorCode {
  switch (status) {
    case 401:
      return 'API_TOKEN_REFUSED';
    case 403:
      return 'API_FORBIDDEN';
    case 404:
      return 'API_NOT_FOUND';
    case 410:
      return 'API_DELETED';
    case 413:
      return 'API_TOO_LARGE';
    case 408:
      return 'API_UNAVAILABLE';
    case 429:
      return 'API_THROTTLED';
    default:
      return status >= 500 ? 'API_UNAVAILABLE' : 'API_REFUSED';
  }
}
