import { z } from 'zod';
import { UNPAIRED_SURROGATE, WITHOUT_CONTROL_CHARACTERS } from '../contract/batches.js';
import { isObject } from '../contract/json.js';
import { cutText } from '../util/cut-text.js';

/** Maximum sizes of the values in responses of Aplos: in UTF-16 code units, unless a unit is given. */
export const FIELD_LIMITS = {
  /** IDs become search attributes, of which Temporal stores up to 255 characters in a SQL database. */
  id: 255,
  /** State of a file, or status of an execution. */
  word: 100,
  /** Longer than any name of a bucket, which has up to 63 characters, or of an access point. */
  bucket: 255,
  /** Bytes in UTF-8 of a key (source: Amazon S3). */
  keyBytes: 1024,
  url: 2048,
  /** A presigned GET has its signature and a security token in the URL. */
  link: 16 * 1024,
  formFields: 100,
  /** Bytes in UTF-8 of the names and values in a form, except the file (source: Amazon S3, "POST Object"). */
  formBytes: 20 * 1024,
  /** Longest life of a signature, in seconds: seven days (source: AWS, Signature Version 4). */
  expirySeconds: 7 * 24 * 60 * 60,
  /** Messages of one object that are kept; others are dropped. */
  messages: 20,
  /** Length to which a message is cut. */
  message: 1000,
} as const;

const IMPOSSIBLE = { impossible: true };

/** Reports whether a response holds a value that cannot be one of Aplos, so that a retry cannot help. */
export const isImpossible = ({ issues }: z.ZodError): boolean =>
  issues.some((issue) => issue.code === 'custom' && issue.params?.impossible === true);

/**
 * Adds a check whose failure means that a response cannot be one of Aplos.
 *
 * @param findProblem returns what is wrong with a value, or `undefined`
 */
function possible<Schema extends z.ZodType>(
  schema: Schema,
  findProblem: (value: z.output<Schema>) => string | undefined,
) {
  return schema.superRefine((value, context) => {
    const problem = findProblem(value);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem, params: IMPOSSIBLE });
  });
}

function findTextProblem(text: string, maxLength: number): string | undefined {
  if (text.length > maxLength)
    return `has ${formatNumber(text.length)} characters, but at most ${formatNumber(maxLength)} are possible`;
  if (UNPAIRED_SURROGATE.test(text)) return 'contains an unpaired surrogate';
  return text === '' || WITHOUT_CONTROL_CHARACTERS.test(text) ? undefined : 'contains control characters';
}

const formatNumber = (value: number) => value.toLocaleString('en');
const utf8Bytes = (text: string) => Buffer.byteLength(text);

/** Schema of a text in a response: not empty, not too long, well-formed, and without control characters. */
export const boundedText = (maxLength: number) =>
  possible(z.string().min(1), (text) => findTextProblem(text, maxLength));

/** ID of a file, an execution, a tenant or a user. It becomes a segment of a path, where `.` and `..` are none. */
export const idSchema = possible(boundedText(FIELD_LIMITS.id), (id) =>
  /^\.{1,2}$/.test(id) ? 'is a relative path' : undefined,
);

/** State of a file, or status of an execution, as Aplos words it. */
export const wordSchema = boundedText(FIELD_LIMITS.word);

/** Name of the bucket that a file is stored in. */
export const bucketSchema = boundedText(FIELD_LIMITS.bucket);

/** Key of the object that a file is stored as. */
export const objectKeySchema = possible(boundedText(FIELD_LIMITS.keyBytes), (key) =>
  utf8Bytes(key) > FIELD_LIMITS.keyBytes ? `has more than ${FIELD_LIMITS.keyBytes} bytes` : undefined,
);

/** URL of a presigned POST. */
export const urlSchema = boundedText(FIELD_LIMITS.url).pipe(z.url());

/** URL of a presigned GET. */
export const linkSchema = boundedText(FIELD_LIMITS.link).pipe(z.url());

/** A number, or the text of one that is not negative. */
export const numberSchema = z.union([
  z.number(),
  z
    .string()
    .regex(/^\d{1,15}(\.\d+)?$/)
    .transform(Number),
]);

/** Time for which a presigned POST or URL is valid, in seconds. */
export const expirySchema = possible(
  z.custom<number>((value) => typeof value === 'number', 'must be a number'),
  (seconds) =>
    seconds > 0 && seconds <= FIELD_LIMITS.expirySeconds
      ? undefined
      : `is ${seconds}, but must be more than 0 and at most ${formatNumber(FIELD_LIMITS.expirySeconds)} seconds`,
);

/** Fields of a presigned POST, in their order. Numbers become text. */
export const formFieldsSchema = possible(
  z.custom<object>(isObject, 'must be an object'),
  findFormProblem,
).pipe(z.record(z.string(), z.union([z.string(), z.number().transform(String)])));

/** Characters of a header's name (source: RFC 9110, "token"), so that a name cannot leave its place in the form. */
const FIELD_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

function findFormProblem(fields: object): string | undefined {
  const entries = Object.entries(fields);
  if (entries.length > FIELD_LIMITS.formFields)
    return `has ${formatNumber(entries.length)} fields, but at most ${FIELD_LIMITS.formFields} are possible`;
  let bytes = 0;
  for (const [name, value] of entries) {
    const text = typeof value === 'string' ? value : '';
    bytes += utf8Bytes(name) + utf8Bytes(text);
    if (bytes > FIELD_LIMITS.formBytes)
      return `has more than ${formatNumber(FIELD_LIMITS.formBytes)} bytes, but S3 accepts no larger form`;
    if (!FIELD_NAME.test(name) || name === '__proto__')
      return 'has a field whose name is not possible in a form';
    const problem = findTextProblem(text, FIELD_LIMITS.formBytes);
    if (problem !== undefined) return `has a field that ${problem}`;
  }
  return undefined;
}

/** Messages about a file or an execution. Missing ones are an empty list, long ones are cut, and only the first ones are kept. */
export const messagesSchema = z
  .array(z.unknown())
  .nullish()
  .transform((all) =>
    (all ?? [])
      .slice(0, FIELD_LIMITS.messages)
      .map((each) => cutText(typeof each === 'string' ? each : JSON.stringify(each), FIELD_LIMITS.message)),
  );

/** Schema of a list that may be long. Unlike zod's, it stops at the first invalid item, because each problem takes memory. */
export const listOf = <Schema extends z.ZodType>(schema: Schema) =>
  z.array(z.unknown()).transform((items, context) => {
    const valid: z.output<Schema>[] = [];
    for (const [index, item] of items.entries()) {
      const { success, data, error } = schema.safeParse(item);
      if (!success) {
        for (const issue of error.issues)
          context.addIssue({ ...issue, path: [index, ...issue.path] } as Parameters<
            typeof context.addIssue
          >[0]);
        return z.NEVER;
      }
      valid.push(data);
    }
    return valid;
  });
