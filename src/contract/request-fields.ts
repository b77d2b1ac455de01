import { z } from 'zod';
import { UNPAIRED_SURROGATE, WITHOUT_CONTROL_CHARACTERS } from './batches.js';
import { findJsonProblems } from './bounds.js';
import { isObject, type JsonObject, type JsonValue } from './json.js';

/** Returns a number for people, with commas for thousands. */
export const formatNumber = (value: number): string => value.toLocaleString('en');

/** Returns the schema of a text that is not empty. */
export const textField = (maxLength: number) =>
  z
    .string()
    .min(1, 'must not be empty')
    .max(maxLength, {
      error: ({ input }) =>
        `has ${formatNumber(String(input).length)} characters, but at most ${formatNumber(maxLength)} are allowed`,
    });

const wellFormed = (schema: z.ZodString) =>
  schema.refine((value) => !UNPAIRED_SURROGATE.test(value), 'must not contain an unpaired surrogate');

/** Returns the schema of a text on one line. */
export const nameField = (maxLength: number) =>
  wellFormed(textField(maxLength).regex(WITHOUT_CONTROL_CHARACTERS, 'must not contain control characters'));

/** Returns the schema of a file name at Aplos. */
export const fileNameField = (maxLength: number) =>
  wellFormed(
    textField(maxLength).regex(
      // biome-ignore lint/suspicious/noControlCharactersInRegex: this pattern excludes control characters
      /^[^/\\\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]+$/,
      'must not contain slashes, backslashes or control characters',
    ),
  );

/** Returns the schema of the name of a host. Converts it to lower case, because task queues are case-sensitive and DNS is not. */
export const hostField = (maxLength: number) =>
  textField(maxLength)
    .regex(
      /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/,
      'must be the name of a host: letters and digits, with ".", "_" or "-" between them',
    )
    .toLowerCase();

/** Schema of a SHA-256. */
export const sha256Field = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hex digits');

/** Schema of any JSON. */
export const jsonField = z.unknown().superRefine(addJsonProblems) as z.ZodType<JsonValue>;

/** Schema of a JSON object. */
export const jsonObjectField = z
  .unknown()
  .superRefine((value, context) => {
    if (isObject(value)) addJsonProblems(value, context);
    else context.addIssue('must be a JSON object');
  })
  .meta({ type: 'object' }) as z.ZodType<JsonObject>;

function addJsonProblems(value: unknown, context: z.RefinementCtx): void {
  for (const { path, problem } of findJsonProblems(value)) {
    context.addIssue({ code: 'custom', path, message: problem });
  }
}
