import { basename } from 'node:path/posix';
import { toUSVString } from 'node:util';
import { z } from 'zod';
import { UploadError } from './errors.js';
import type { JsonValue } from './json.js';
import { problemsOf } from './problems.js';

const json: z.ZodType<JsonValue> = z.json();
const jsonObject = z.record(z.string(), json);

const fileName = z
  .string()
  .min(1)
  .max(255)
  .regex(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
    /^[^/\\\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]+$/,
    'must be a plain file name: no path, no control character',
  )
  .refine((name) => toUSVString(name) === name, 'must be Unicode: it has half of a character');

const label = z.string().min(1).max(100);

const execution = z
  .strictObject({
    label: label
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
    source: z
      .string()
      .min(1)
      .max(4096)
      .describe(
        'Where the file is, as a URL that the worker can read: file:///data/pk.csv, https://host/pk.csv or s3://bucket/pk.csv',
      ),
    fileName: fileName.optional().describe('What Aplos shows. Default: the last segment of the source.'),
    profile: label
      .default('default')
      .describe('Which Aplos account, by its name in the settings of the worker.'),
    executions: z
      .array(execution)
      .max(100)
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
    requestedBy: z.string().min(1).max(200).optional().describe('Who asked, for the list and the receipt.'),
    batch: label.optional().describe('Ties uploads together.'),
  })
  .superRefine(({ executions }, context) => {
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
  const parsed = uploadRequestSchema.safeParse(input);
  if (!parsed.success) throw invalid(problemsOf(parsed.error, 'request'));
  const name = fileName.safeParse(parsed.data.fileName ?? lastSegment(parsed.data.source));
  if (!name.success) throw invalid([`fileName: ${name.error.issues[0]?.message ?? 'invalid'}`]);
  return { ...parsed.data, fileName: name.data };
}

function lastSegment(source: string): string {
  try {
    return decodeURIComponent(basename(new URL(source).pathname));
  } catch {
    throw invalid(['source: must be a URL, e.g. file:///data/pk.csv']);
  }
}

const invalid = (problems: string[]) =>
  new UploadError('REQUEST_INVALID', `The upload request is not valid: ${problems.join('; ')}`);
