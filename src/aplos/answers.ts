import { z } from 'zod';
import { UploadError } from '../contract/errors.js';
import type { HttpAnswer } from '../http/call.js';
import { retryAfterMs } from '../http/retry-after.js';
import { inFewWords } from '../http/words.js';

/**
 * Reads an answer of the API that was a success.
 *
 * @throws {@link UploadError} `API_ANSWER_BROKEN` where it is no JSON, `API_ANSWER_UNEXPECTED` where it is other JSON
 */
export function readAnswer<Schema extends z.ZodType>(
  purpose: string,
  { text }: HttpAnswer,
  schema: Schema,
): z.output<Schema> {
  const parsed = schema.safeParse(parseJson(purpose, text));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(
    ({ path, message }) => `${z.core.toDotPath(path) || 'answer'}: ${message}`,
  );
  throw new UploadError(
    'API_ANSWER_UNEXPECTED',
    `To ${purpose}, the Aplos API answered in an unknown shape (${inFewWords(problems.join('; '))})`,
  );
}

function parseJson(purpose: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const what = /^\s*</.test(text) ? 'HTML instead of JSON' : 'JSON that breaks off';
    throw new UploadError('API_ANSWER_BROKEN', `To ${purpose}, the Aplos API answered with ${what}`);
  }
}

const ownErrorSchema = z.object({
  errors: z.array(z.object({ message: z.string() })).optional(),
  error: z.object({ message: z.string() }).optional(),
  message: z.string().optional(),
  Message: z.string().optional(),
  log_id: z.string().optional(),
});

/** What the service said of a failure, in its own words, made fit for a message. */
export function wordsOf(text: string): { words: string; logId: string | undefined } {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return { words: '', logId: undefined };
  }
  const { data } = ownErrorSchema.safeParse(body);
  const words =
    data?.errors?.map(({ message }) => message).join('; ') ??
    data?.error?.message ??
    data?.message ??
    data?.Message ??
    '';
  return { words: inFewWords(words), logId: data?.log_id };
}

/** The error for an answer that was no success. */
export function refusalOf(purpose: string, answer: HttpAnswer): UploadError {
  const { status, text, headers } = answer;
  const { words, logId } = wordsOf(text);
  const retryAfter = retryAfterMs(headers['retry-after']);
  const said = [`status ${status}`, words, logId && `log id ${inFewWords(logId)}`].filter(Boolean).join(', ');
  return new UploadError(codeOf(status), `To ${purpose}, the Aplos API answered: ${said}`, {
    details: { status },
    ...(retryAfter === undefined ? {} : { retryAfterMs: retryAfter }),
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
