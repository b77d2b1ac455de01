import { z } from 'zod';
import { invalidRequest, parseInput } from './parse-input.js';
import { fileNameField, hostField, jsonObjectField, nameField, sha256Field } from './request-fields.js';
import { REQUEST_LIMITS } from './request-limits.js';
import type { ResultsPackage } from './results.js';
import { findResultsProblems } from './results-problems.js';

const fetchRequestSchema = z.strictObject({
  profile: nameField(REQUEST_LIMITS.profile),
  batch: nameField(REQUEST_LIMITS.batch).optional(),
  host: hostField(REQUEST_LIMITS.host).optional(),
  fileName: fileNameField(REQUEST_LIMITS.fileName),
  sha256: sha256Field,
  results: nameField(REQUEST_LIMITS.source),
  unpackResults: z.boolean().optional(),
  executions: z
    .array(
      z.strictObject({
        label: nameField(REQUEST_LIMITS.label),
        executionId: nameField(255),
        configuration: jsonObjectField.optional(),
      }),
    )
    .min(1)
    .max(REQUEST_LIMITS.executions),
});

/** Argument of the workflow `fetchUploadResults`: what an earlier upload has started, and where its results go. */
export type FetchRequest = z.output<typeof fetchRequestSchema>;

/** What became of the results of one execution. */
export interface FetchOutcome {
  readonly label: string;
  readonly executionId: string;
  /** Its results, as they were stored. Absent if they could not be fetched. */
  readonly package?: ResultsPackage;
  /** Why they could not be fetched: a code of the error table, and a message that says what to do. */
  readonly error?: { readonly code: string; readonly message: string };
}

/** Activity of the workflow `fetchUploadResults`, in addition to those that uploads have too. */
export interface FetchActivities {
  /** Validates the request. Runs as a local activity. */
  checkFetchRequest(input: unknown, argumentCount: number): Promise<FetchRequest>;
}

/**
 * Validates untrusted input of `fetchUploadResults`.
 *
 * @throws {@link UploadError} `REQUEST_INVALID` with the path of every problem
 */
export function parseFetchRequest(input: unknown): FetchRequest {
  const request = parseInput(fetchRequestSchema, input);
  const problems = findResultsProblems(request, request);
  if (problems.length > 0) throw invalidRequest(problems.map((problem) => `results: ${problem}`));
  return request;
}
