import { basename } from 'node:path/posix';
import { z } from 'zod';
import { boundsProblem, findNoJson } from './bounds.js';
import { UploadError } from './errors.js';
import type { JsonObject, JsonValue } from './json.js';
import { problemsOf } from './problems.js';

/**
 * How large a request may be. Temporal refuses a payload over 2 MiB and a message over 4 MiB; a history holds the
 * request twice, and each execution once more.
 */
export const REQUEST_LIMITS = {
  /** Of the request as JSON, in UTF-8. */
  bytes: 1024 * 1024,
  /** Objects and arrays within each other, the request itself being the first. */
  depth: 64,
  executions: 100,
  /** In UTF-16 code units, as are the others. */
  source: 4096,
  fileName: 255,
  /** As long as a name in DNS. */
  host: 253,
  /** With the file name it goes into the workflow id, of which Temporal takes 1,000 bytes. */
  profile: 64,
  label: 100,
  requestedBy: 200,
  batch: 100,
} as const;

const number = (value: number) => value.toLocaleString('en');
const text = (most: number) =>
  z
    .string()
    .min(1, 'must not be empty')
    .max(most, {
      error: ({ input }) =>
        `has ${number(String(input).length)} characters, but at most ${number(most)} are allowed`,
    });
const wellFormed = (schema: z.ZodString) =>
  schema.refine((value) => !/\p{Cs}/u.test(value), 'must be well-formed: no half of a surrogate pair');
const name = (most: number) =>
  wellFormed(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
    text(most).regex(/^[^\u0000-\u001f\u007f-\u009f]+$/, 'must not hold control characters'),
  );
const fileName = wellFormed(
  text(REQUEST_LIMITS.fileName).regex(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
    /^[^/\\\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]+$/,
    'must be a plain file name: no path, no control character',
  ),
);

/** The schema of a host's name. In lower case, as DNS does not tell them apart, and task queues do. */
export const hostSchema = text(REQUEST_LIMITS.host)
  .regex(
    /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/,
    'must be the name of a host: letters, digits, and ".", "_" or "-" between them',
  )
  .toLowerCase();

const json = z.unknown().superRefine(addNoJson) as z.ZodType<JsonValue>;
const jsonObject = z
  .unknown()
  .superRefine((value, context) => {
    if (isJsonObject(value)) addNoJson(value, context);
    else context.addIssue('must be a JSON object');
  })
  .meta({ type: 'object' }) as z.ZodType<JsonObject>;

const execution = z
  .strictObject({
    label: name(REQUEST_LIMITS.label)
      .optional()
      .describe('Names the analysis in the UI and the receipt. Default: its place, #1, #2…'),
    configuration: jsonObject.describe(
      "The analysis's configuration, in the vendor's own shape; the service validates it.",
    ),
    metaData: json.optional().describe('Stored by the service as it is and given back with the execution.'),
    dataProcessing: json.optional().describe("Passed on as the vendor's data_processing."),
    postProcessing: json.optional().describe("Passed on as the vendor's post_processing."),
  })
  .describe('One analysis of the file. Each is paid for.');

/** The schema of {@link UploadRequest}: what a client in any language sends as the workflow's only argument. */
export const uploadRequestSchema = z
  .strictObject({
    source: name(REQUEST_LIMITS.source).describe(
      'Where the file is, as a URL that the worker can read: file:///data/pk.csv, https://host/pk.csv or s3://bucket/pk.csv',
    ),
    fileName: fileName.optional().describe('What Aplos shows. Default: the last segment of the source.'),
    host: hostSchema
      .optional()
      .describe(
        'The host that has the file, where not every worker sees it: only workers of this host read it. Only for file: sources. Default: any worker.',
      ),
    profile: name(REQUEST_LIMITS.profile)
      .default('default')
      .describe('Which Aplos account, by its name in the settings of the worker.'),
    executions: z
      .array(execution)
      .max(REQUEST_LIMITS.executions, {
        error: ({ input }) =>
          `has ${number((input as unknown[]).length)} executions, but at most ${REQUEST_LIMITS.executions} are allowed`,
      })
      .default([])
      .describe('The analyses to start, side by side. None: upload only.'),
    expect: z
      .strictObject({
        sizeBytes: z.int().nonnegative().optional(),
        sha256: z
          .string()
          .regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hex digits')
          .optional(),
      })
      .optional()
      .describe('What the sender saw. A difference fails the upload before anything is sent.'),
    requestedBy: name(REQUEST_LIMITS.requestedBy)
      .optional()
      .describe('Who asked, for the list and the receipt.'),
    batch: name(REQUEST_LIMITS.batch).optional().describe('Ties uploads together.'),
  })
  .superRefine(({ executions, host, source }, context) => {
    if (host !== undefined && URL.canParse(source) && new URL(source).protocol !== 'file:')
      context.addIssue({ code: 'custom', path: ['host'], message: 'goes with a file: source only' });
    const labels = new Set<string>();
    executions.forEach((each, index) => {
      const name = executionLabel(each, index);
      if (labels.has(name)) {
        context.addIssue({
          code: 'custom',
          path: ['executions', index, 'label'],
          message: `"${name}" is taken`,
        });
      }
      labels.add(name);
    });
  })
  .meta({ title: 'UploadRequest', description: 'The argument of the workflow uploadAnalysisFile.' });

/** A request as a client may send it: defaults may be left out. */
export type UploadRequestInput = z.input<typeof uploadRequestSchema>;
/** One analysis of the file, as asked for. */
export type ExecutionRequest = z.output<typeof execution>;
/** A request that was checked: defaults are filled in. */
export type UploadRequest = z.output<typeof uploadRequestSchema> & { readonly fileName: string };

/** The name of an analysis: its label, or its place in the request. */
export const executionLabel = ({ label }: { label?: string | undefined }, index: number): string =>
  label ?? `#${index + 1}`;

/**
 * Checks a request from outside and fills in its defaults.
 *
 * @throws {@link UploadError} `REQUEST_INVALID` with every problem by its path
 */
export function parseUploadRequest(input: unknown): UploadRequest {
  const outOfBounds = boundsProblem(input, REQUEST_LIMITS);
  if (outOfBounds) throw invalidRequest([outOfBounds]);
  const parsed = uploadRequestSchema.safeParse(input);
  if (!parsed.success) throw invalidRequest(problemsOf(parsed.error, 'request'));
  const name = fileName.safeParse(parsed.data.fileName ?? lastSegment(parsed.data.source));
  if (!name.success) throw invalidRequest([`fileName: ${name.error.issues[0]?.message ?? 'invalid'}`]);
  const request = { ...parsed.data, fileName: name.data };
  assertFits(request);
  return request;
}

function assertFits(request: UploadRequest): void {
  const bytes = Buffer.byteLength(JSON.stringify(request));
  if (bytes <= REQUEST_LIMITS.bytes) return;
  throw invalidRequest([
    `request: is ${number(bytes)} bytes as JSON, but at most ${number(REQUEST_LIMITS.bytes)} are allowed`,
  ]);
}

function lastSegment(source: string): string {
  try {
    return decodeURIComponent(basename(new URL(source).pathname));
  } catch {
    throw invalidRequest(['source: must be a URL, e.g. file:///data/pk.csv']);
  }
}

function addNoJson(value: unknown, context: z.RefinementCtx): void {
  for (const { path, problem } of findNoJson(value)) {
    context.addIssue({ code: 'custom', path, message: problem });
  }
}

const isJsonObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const MAX_PROBLEMS = 30;
const MAX_CHARACTERS = 300;

/**
 * The error for a request with these problems, the first thirty in words.
 *
 * @param problems each with its path in front
 */
export function invalidRequest(problems: readonly string[]): UploadError {
  const told = problems.slice(0, MAX_PROBLEMS).map(shortened);
  const rest = problems.length - told.length;
  const list = [...told, ...(rest > 0 ? [`and ${number(rest)} more`] : [])].join('; ');
  return new UploadError('REQUEST_INVALID', `The upload request is not valid: ${list}`);
}

const shortened = (problem: string) =>
  problem.length > MAX_CHARACTERS ? `${problem.slice(0, MAX_CHARACTERS)}…` : problem;
