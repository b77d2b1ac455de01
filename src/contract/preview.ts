import { z } from 'zod';
import { parseInput } from './parse-input.js';
import { REQUEST_LIMITS } from './request-limits.js';

/** Largest number of analyses that one workflow looks up. Its input and its result then fit into a payload of Temporal. */
export const MAX_ANALYSES = 200;

/** Largest number of {@link AnalysisFinding.similar} executions. */
export const MAX_SIMILAR = 3;

const id = z.string().regex(/^[0-9a-f]{32}$/, 'must be 32 lower-case hex digits');
const previewInputSchema = z.strictObject({
  profile: z.string().min(1).max(REQUEST_LIMITS.profile),
  analyses: z
    .array(z.strictObject({ trackingId: id, contentId: id, fileVersionId: id.optional() }))
    .max(MAX_ANALYSES),
});

/**
 * Identities of an analysis, its computation and its file. See {@link trackingIdFor}, {@link contentIdFor} and
 * {@link fileVersionIdFor}.
 */
export type AnalysisIds = PreviewInput['analyses'][number];

/** Argument of the workflow `previewAnalyses`, and of its activity. */
export type PreviewInput = z.output<typeof previewInputSchema>;

/** An execution that Aplos has. */
export interface KnownExecution {
  readonly executionId: string;
  /** Status that Aplos reported, e.g. `complete`. */
  readonly status: string;
  /** Name of the file that was analyzed. */
  readonly fileName?: string;
  /** When the start was requested: ISO 8601, UTC, by the clock of the worker that started it. */
  readonly requestedAt?: string;
  /** Reason to run the analysis again. */
  readonly again?: string;
}

/** Executions of one analysis that Aplos has. */
export interface AnalysisFinding {
  /** The execution of this analysis. Absent if Aplos has none: a start would be charged. */
  readonly execution?: KnownExecution;
  /**
   * Executions of the same bytes with the same configuration under another file name, with other metadata or for another
   * reason, the latest first: at most three.
   */
  readonly similar: readonly KnownExecution[];
  /**
   * Other executions of the same bytes under the same name, with any configuration and metadata, the latest first: at
   * most three. Absent if there are none.
   */
  readonly sameFile?: readonly KnownExecution[];
}

/** Activity of the workflow `previewAnalyses`. */
export interface PreviewActivities {
  /** Looks up analyses in Aplos's list of executions. Returns one finding for each, in order. */
  findAnalyses(input: unknown, argumentCount: number): Promise<readonly AnalysisFinding[]>;
}

/**
 * Validates untrusted input of `previewAnalyses`.
 *
 * @throws {@link UploadError} `REQUEST_INVALID` with the path of every problem
 */
export const parsePreviewInput = (input: unknown): PreviewInput => parseInput(previewInputSchema, input);
