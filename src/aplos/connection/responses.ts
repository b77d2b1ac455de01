import { z } from 'zod';
import { UploadError } from '../../contract/errors.js';
import { jsonIn } from '../../contract/json.js';
import { problemsOf } from '../../contract/problems.js';
import type { HttpResponse } from '../../http/call.js';
import { retryAfterMs } from '../../http/retry-after.js';
import { shortenText } from '../../util/shorten-text.js';

/**
 * Reads an answer of the API that was a success.
 *
 * @throws {@link UploadError} `API_ANSWER_BROKEN` where it is no JSON, `API_ANSWER_UNEXPECTED` where it is other JSON
 */
export function readResponse<Schema extends z.ZodType>(
  purpose: string,
  { text }: HttpResponse,
  schema: Schema,
): z.output<Schema> {
  const parsed = schema.safeParse(parseJson(purpose, text));
  if (parsed.success) return parsed.data;
  const problems = problemsOf(parsed.error, 'answer');
  throw new UploadError(
    'API_ANSWER_UNEXPECTED',
    `To ${purpose}, the Aplos API answered in an unknown shape (${shortenText(problems.join('; '))})`,
  );
}

function parseJson(purpose: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UploadError('API_ANSWER_BROKEN', `To ${purpose}, the Aplos API answered with ${kindOf(text)}`);
  }
}

function kindOf(text: string): string {
  if (/^\s*</.test(text)) return 'HTML instead of JSON';
  return /^\s*[[{]/.test(text) ? 'JSON that breaks off' : 'something else than JSON';
}

const words = z.string().optional().catch(undefined);
const ofError = z.object({ message: z.string() }).transform(({ message }) => message);
const ownErrorSchema = z.object({
  errors: z.array(z.union([ofError, z.string()])).catch([]),
  error: ofError.optional().catch(undefined),
  message: words,
  Message: words,
  log_id: words,
});

/** What the service said of a failure, in its own words, made fit for a message. */
export function wordsOf(text: string): { words: string; logId: string | undefined } {
  const { data } = ownErrorSchema.safeParse(jsonIn(text));
  const said = data?.errors.join('; ') || data?.error || data?.message || data?.Message || '';
  return { words: shortenText(said), logId: data?.log_id };
}

/** The error for an answer that was no success. */
export function errorFromResponse(purpose: string, answer: HttpResponse): UploadError {
  const { status, text, headers } = answer;
  const { words, logId } = wordsOf(text);
  const said = [`status ${status}`, words, logId && `log id ${shortenText(logId)}`]
    .filter(Boolean)
    .join(', ');
  return new UploadError(codeOf(status), `To ${purpose}, the Aplos API answered: ${said}`, {
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
