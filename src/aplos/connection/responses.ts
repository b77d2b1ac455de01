import { z } from 'zod';
import { UploadError } from '../../contract/errors.js';
import { OversizedJsonError, parseUntrustedJson, tryParseJson } from '../../contract/json.js';
import { problemsOf } from '../../contract/problems.js';
import type { HttpResponse } from '../../http/call.js';
import { retryAfterMs } from '../../http/retry-after.js';
import { shortenText } from '../../util/shorten-text.js';
import { FIELD_LIMITS, isImpossible } from '../fields.js';

/**
 * Parses a successful response of the API.
 *
 * @throws {@link UploadError} `API_ANSWER_BROKEN` if it is not JSON; `API_ANSWER_UNEXPECTED` if it does not match the schema, which
 * is final if a value is longer than it can be
 */
export function readResponse<Schema extends z.ZodType>(
  purpose: string,
  { text }: HttpResponse,
  schema: Schema,
): z.output<Schema> {
  const parsed = schema.safeParse(parseJson(purpose, text));
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
const errorMessage = z.object({ message: z.string() }).transform(({ message }) => message);
const errorSchema = z.object({
  errors: z
    .array(z.unknown())
    .transform((all) => all.slice(0, FIELD_LIMITS.messages))
    .pipe(z.array(z.union([errorMessage, z.string()])))
    .catch([]),
  error: errorMessage.optional().catch(undefined),
  message: text,
  Message: text,
  log_id: text,
});

/** Returns the message and the log ID in an error response, shortened for use in our own message. */
function parseError(body: string): { message: string; logId: string | undefined } {
  const { data } = errorSchema.safeParse(tryParseJson(body));
  const message = data?.errors.join('; ') || data?.error || data?.message || data?.Message || '';
  return { message: shortenText(message), logId: data?.log_id };
}

/** Returns the error for an unsuccessful response of the API. */
export function errorFromResponse(purpose: string, response: HttpResponse): UploadError {
  const { status, headers } = response;
  const { message, logId } = parseError(response.text);
  const returned = [`status ${status}`, message, logId && `log ID ${shortenText(logId)}`]
    .filter(Boolean)
    .join(', ');
  return new UploadError(codeOf(status), `Cannot ${purpose}: the Aplos API returned ${returned}`, {
    details: { status },
    retryAfterMs: retryAfterMs(headers['retry-after']),
  });
}

function codeOf(status: number) {
  switch (status) {
    case 401:
      return 'API_TOKEN_REFUSED';
    case 403:
      return 'API_FORBIDDEN';
    case 404:
      return 'API_NOT_FOUND';
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
