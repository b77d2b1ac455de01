import { basename } from 'node:path/posix';
import { z } from 'zod';
import { findSizeProblem } from './bounds.js';
import { executionLabel } from './names.js';
import { invalidRequest, parseInput } from './parse-input.js';
import {
  fileNameField,
  formatNumber,
  hostField,
  jsonField as json,
  jsonObjectField as jsonObject,
  nameField as name,
  sha256Field,
} from './request-fields.js';
import { REQUEST_LIMITS } from './request-limits.js';
import type { ExecutionRequest, UploadRequestInput } from './request-types.js';
import { isOnHost } from './results-location.js';
import { findResultsProblems } from './results-problems.js';
import { sectionsIn } from './sections.js';
import { runRefSchema, storedFileProblems } from './stored-file.js';
import { isWebhookUrl } from './webhook-url.js';

const fileName = fileNameField(REQUEST_LIMITS.fileName);

/** Schema of the name of a host. */
export const hostSchema = hostField(REQUEST_LIMITS.host);

const execution = z
  .strictObject({
    label: name(REQUEST_LIMITS.label)
      .optional()
      .describe('Name of the analysis in the UI and the receipt. Default: its position, #1, #2…'),
    configuration: jsonObject.describe(
      "Configuration of the analysis in the vendor's format. Aplos validates it.",
    ),
    metaData: json
      .optional()
      .describe('Metadata that Aplos stores unchanged and returns with the execution.'),
    dataCleaning: json
      .optional()
      .describe("Sent as the vendor's data_cleaning. Requires version 3 of the API."),
    customCalculations: json
      .optional()
      .describe("Sent as the vendor's custom_calculations. Requires version 3 of the API."),
    customPlots: json
      .optional()
      .describe("Sent as the vendor's custom_plots. Requires version 3 of the API."),
    customTables: json
      .optional()
      .describe("Sent as the vendor's custom_tables. Requires version 3 of the API."),
    dataProcessing: json
      .optional()
      .describe("Sent as the vendor's data_processing. Requires version 1 of the API, or its request body."),
    postProcessing: json
      .optional()
      .describe("Sent as the vendor's post_processing. Requires version 1 of the API, or its request body."),
    again: name(REQUEST_LIMITS.again)
      .optional()
      .describe(
        'Why an analysis that Aplos may already have is wanted again, e.g. "engine 3.2". Each reason is one more analysis, and is charged.',
      ),
  })
  .describe('An analysis of the file. Each one is charged.');

/** Schema of {@link UploadRequest}, which clients in any language send as the only argument of the workflow. */
export const uploadRequestSchema = z
  .strictObject({
    source: name(REQUEST_LIMITS.source).describe(
      'URL of the file, which the worker reads: file:///data/pk.csv, https://host/pk.csv or s3://bucket/pk.csv. A file that Aplos already has: aplos:file/FILE_ID, with fileName and expect.sha256; nothing is uploaded then.',
    ),
    fileName: fileName
      .optional()
      .describe('File name that Aplos shows. Default: the last segment of the source.'),
    host: hostSchema
      .optional()
      .describe(
        'Host where the file is stored, if not every worker can read it: only the workers of this host then do. It also stores results in a file: location. Only with a file: source or such results. Default: any worker.',
      ),
    profile: name(REQUEST_LIMITS.profile)
      .default('default')
      .describe('Name of the Aplos account in the settings of the worker.'),
    executions: z
      .array(execution)
      .max(REQUEST_LIMITS.executions, {
        error: ({ input }) =>
          `has ${formatNumber((input as unknown[]).length)} executions, but at most ${REQUEST_LIMITS.executions} are allowed`,
      })
      .default([])
      .describe('Analyses to start, in parallel. Default: none, the file is only uploaded.'),
    expect: z
      .strictObject({
        sizeBytes: z.int().nonnegative().optional().describe('Size in bytes.'),
        sha256: sha256Field.optional().describe('SHA-256 in lower-case hex digits.'),
      })
      .optional()
      .describe(
        'What the sender knows about the file. If the file differs, the upload fails before anything is sent.',
      ),
    until: z
      .enum(['started', 'completed'])
      .optional()
      .describe(
        'How far the upload goes: "started", until its executions are started, or "completed", until they have ended. It does not change what is started. Default: "started".',
      ),
    completionTimeoutSeconds: z
      .int()
      .min(1)
      .max(REQUEST_LIMITS.completionTimeoutSeconds)
      .optional()
      .describe(
        'How long to wait for the end of the executions once all are started, in seconds. After that the upload fails, and the executions keep running; a replay waits again. Default: 604,800, seven days.',
      ),
    results: name(REQUEST_LIMITS.source)
      .optional()
      .describe(
        'Where the package with the results of each execution goes, once it has ended: file:///results/{batch}/{fileName}/{label}.zip or s3://bucket/{label}.zip. Placeholders: {profile}, {batch}, {fileName}, {label}, {executionId}. With a file: URL and a host, that host stores them. It implies "until": "completed". Default: results are not fetched.',
      ),
    unpackResults: z
      .boolean()
      .optional()
      .describe(
        'Whether each package is also unpacked, next to the zip file, to a directory of the same name without .zip. Only with a file: URL in results. Default: false.',
      ),
    requestedBy: name(REQUEST_LIMITS.requestedBy)
      .optional()
      .describe('Person or system that requested the upload, for lists and the receipt.'),
    batch: name(REQUEST_LIMITS.batch).optional().describe('Name that groups uploads.'),
    otherBatches: z
      .array(name(REQUEST_LIMITS.batch))
      .max(REQUEST_LIMITS.otherBatches, `has more than ${REQUEST_LIMITS.otherBatches} batches`)
      .optional()
      .describe(
        'Batches of an earlier run that failed, for which this run counts as well. Set by the client.',
      ),
    repeatOf: name(REQUEST_LIMITS.runId)
      .optional()
      .describe(
        'ID of the run whose result is wanted again, for example in another batch. It must be a completed run of the same workflow ID. If Aplos still has what it started, nothing is uploaded or started. Set by the client.',
      ),
    webhook: name(REQUEST_LIMITS.source)
      .refine(isWebhookUrl, 'must be an https URL without user name and password')
      .optional()
      .describe(
        "URL to which the end of the upload, and of its batch, is reported as a webhook. The worker must allow its host. Default: that of the account's settings.",
      ),
    storedBy: runRefSchema
      .optional()
      .describe(
        'Run that uploaded the file of an aplos: source. The worker reads there which bytes were stored. Set by the client.',
      ),
    correctionOf: runRefSchema
      .optional()
      .describe('Failed run whose analysis is started with another configuration. Set by the client.'),
  })
  .superRefine((request, context) => {
    const { executions, host, source, results } = request;
    const addProblem = (path: (string | number)[], message: string) =>
      context.addIssue({ code: 'custom', path, message });
    for (const { path, message } of storedFileProblems(request)) addProblem(path, message);
    const isForSource = URL.canParse(source) && new URL(source).protocol === 'file:';
    if (host !== undefined && !isForSource && !(results !== undefined && isOnHost(results)))
      addProblem(['host'], 'is only allowed with a file: source, or with results in a file: location');
    const labels = new Set<string>();
    executions.forEach((each, index) => {
      if (sectionsIn(each).length === 0)
        addProblem(['executions', index, 'configuration'], 'is empty, and there are no other sections');
      const label = executionLabel(each, index);
      if (labels.has(label)) addProblem(['executions', index, 'label'], `"${label}" is used more than once`);
      labels.add(label);
    });
  })
  .superRefine(({ results, unpackResults, until, ...request }, context) => {
    const addProblem = (field: string, message: string) =>
      context.addIssue({ code: 'custom', path: [field], message });
    if (results === undefined) {
      if (unpackResults) addProblem('unpackResults', 'is only allowed with results');
      return;
    }
    if (until === 'started') addProblem('until', 'must be "completed" if there are results');
    for (const message of findResultsProblems({ results, unpackResults }, request))
      addProblem('results', message);
  })
  .meta({ title: 'UploadRequest', description: 'Argument of the workflow uploadAnalysisFile.' });

export type { ExecutionRequest, UploadRequestInput };
/** Validated request, with defaults filled in. */
export type UploadRequest = UploadRequestInput & {
  readonly fileName: string;
  profile: string;
  executions: ExecutionRequest[];
};

/**
 * Validates an untrusted request and fills in its defaults.
 *
 * @throws {@link UploadError} `REQUEST_INVALID` with the path of every problem
 */
export function parseUploadRequest(input: unknown): UploadRequest {
  const sizeProblem = findSizeProblem(input, REQUEST_LIMITS);
  if (sizeProblem) throw invalidRequest([sizeProblem]);
  const parsed = parseInput(uploadRequestSchema, input);
  const name = fileName.safeParse(parsed.fileName ?? lastSegment(parsed.source));
  if (!name.success) throw invalidRequest([`fileName: ${name.error.issues[0]?.message ?? 'invalid'}`]);
  const request = {
    ...parsed,
    fileName: name.data,
    ...(parsed.results === undefined ? {} : { until: 'completed' as const }),
  };
  assertWithinSizeLimit(request);
  return request;
}

/** Returns why a name cannot be the file name of a request; `undefined` if it can. */
export const fileNameProblem = (name: string): string | undefined =>
  fileName.safeParse(name).error?.issues[0]?.message;

function assertWithinSizeLimit(request: UploadRequest): void {
  const bytes = Buffer.byteLength(JSON.stringify(request));
  if (bytes <= REQUEST_LIMITS.bytes) return;
  throw invalidRequest([
    `request: is ${formatNumber(bytes)} bytes as JSON, but at most ${formatNumber(REQUEST_LIMITS.bytes)} are allowed`,
  ]);
}

function lastSegment(source: string): string {
  try {
    return decodeURIComponent(basename(new URL(source).pathname));
  } catch {
    throw invalidRequest(['source: must be a URL, e.g. file:///data/pk.csv']);
  }
}
