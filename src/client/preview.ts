import { pMapIterable } from 'p-map';
import { contentIdFor, fileVersionIdFor, trackingIdFor } from '../contract/analysis-id.js';
import { executionLabel } from '../contract/names.js';
import { type AnalysisIds, type KnownExecution, MAX_ANALYSES } from '../contract/preview.js';
import type { ExecutionRequest, UploadRequest } from '../contract/request.js';
import { workflowIdFor } from '../contract/workflow-id.js';
import { askForAnalyses, type WorkerConnection } from './ask-worker.js';

/** Executions that an upload would start, and those that Aplos already has. */
export interface UploadPreview {
  /** Workflow id that a start of the upload would have. */
  readonly workflowId: string;
  readonly fileName: string;
  /** The analyses of the request, in order. */
  readonly analyses: readonly AnalysisPreview[];
}

/** Executions of one analysis that Aplos has. */
export interface AnalysisPreview {
  /** Label from the request, or `#1`, `#2`… by its position there. */
  readonly label: string;
  /**
   * `new`: a start would be charged. `paid`: Aplos has the execution, so it is not started again. `unknown`: the request
   * has no SHA-256, so the content of the file is not known before the upload.
   */
  readonly state: 'new' | 'paid' | 'unknown';
  /** Identifies the analysis under any label. Absent if the state is `unknown`. */
  readonly trackingId?: string;
  /** Reason to run the analysis again, as the request gives it. */
  readonly again?: string;
  /** The execution that Aplos has, if the state is `paid`. */
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

const CONCURRENCY = 4;

/**
 * Asks the workers what Aplos has of the analyses of each request. Yields one preview for each, in order.
 *
 * @throws UploadError as {@link askForAnalyses}
 */
export async function* previewUploads(
  connection: WorkerConnection,
  requests: AsyncIterable<UploadRequest> | Iterable<UploadRequest>,
): AsyncGenerator<UploadPreview, void> {
  const groups = pMapIterable(inGroups(requests), (group) => previewGroup(connection, group), {
    concurrency: CONCURRENCY,
  });
  for await (const previews of groups) yield* previews;
}

/** Groups consecutive requests of one profile, so that a group has at most as many analyses as one workflow looks up. */
async function* inGroups(
  requests: AsyncIterable<UploadRequest> | Iterable<UploadRequest>,
): AsyncGenerator<UploadRequest[], void> {
  let group: UploadRequest[] = [];
  let analyses = 0;
  for await (const request of requests) {
    const isFull = analyses + request.executions.length > MAX_ANALYSES;
    if (group[0] && (isFull || group[0].profile !== request.profile)) {
      yield group;
      group = [];
      analyses = 0;
    }
    group.push(request);
    analyses += request.executions.length;
  }
  if (group.length > 0) yield group;
}

async function previewGroup(
  connection: WorkerConnection,
  group: readonly UploadRequest[],
): Promise<UploadPreview[]> {
  const analyses = group.flatMap((request) =>
    request.executions.flatMap((execution) => idsOf(request, execution) ?? []),
  );
  const profile = group[0]?.profile ?? '';
  const found = analyses.length > 0 ? await askForAnalyses(connection, { profile, analyses }) : [];
  const findings = new Map(found.map((finding, index) => [analyses[index]?.trackingId, finding]));
  return group.map((request) => ({
    workflowId: workflowIdFor(request),
    fileName: request.fileName,
    analyses: request.executions.map((execution, index) => {
      const label = executionLabel(execution, index);
      const { again } = execution;
      const trackingId = idsOf(request, execution)?.trackingId;
      const finding = findings.get(trackingId);
      return {
        label,
        state: !finding ? 'unknown' : finding.execution ? 'paid' : 'new',
        ...(trackingId === undefined ? {} : { trackingId }),
        ...(again === undefined ? {} : { again }),
        ...(finding ?? { similar: [] }),
      };
    }),
  }));
}

/** Returns what identifies an analysis; `undefined` if the content of the file is not known. */
function idsOf({ fileName, expect }: UploadRequest, execution: ExecutionRequest): AnalysisIds | undefined {
  if (expect?.sha256 === undefined) return undefined;
  const analysis = { fileName, sha256: expect.sha256, execution };
  return {
    trackingId: trackingIdFor(analysis),
    contentId: contentIdFor(analysis),
    fileVersionId: fileVersionIdFor(analysis),
  };
}
