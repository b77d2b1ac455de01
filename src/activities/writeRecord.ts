import { activityInfo, cancellationSignal } from '@temporalio/activity';
import type { Ending, RecordInput, RequestedAnalysis, WrittenRecord } from '../contract/ending.js';
import { UploadError } from '../contract/errors.js';
import { executionLabel } from '../contract/names.js';
import type { Receipt } from '../contract/receipt.js';
import type { UploadRequest } from '../contract/request.js';
import { sha256OfJson } from '../records/canonical.js';
import { hashOfRecord, runRecord } from '../records/receipt-file.js';
import { identityOf, recordName } from '../records/record-names.js';
import type { ActivityDependencies } from './dependencies.js';

/**
 * Writes the record of a run that is about to end. Its content depends on the run alone, and nothing is overwritten, so the record is
 * written once, however often a worker is killed before Temporal knows of it.
 */
export const writeRecord =
  ({ records, readResets }: Pick<ActivityDependencies, 'records' | 'readResets'>) =>
  async (input: RecordInput): Promise<WrittenRecord> => {
    const { workflowId = '', runId = '' } = activityInfo().workflowExecution ?? {};
    if (!records)
      throw new UploadError(
        'RECORD_UNWRITABLE',
        `Cannot write the record of ${workflowId}: this worker does not know where records are written`,
        { action: 'Set APLOS_UPLOAD_RECORDS to the same value on all workers. The step is retried.' },
      );
    const resets = input.isReset ? await readResets({ workflowId, runId }) : [];
    const content: Receipt | Ending = {
      ...('receipt' in input
        ? input.receipt
        : { ...input.ending, requested: requestedAnalyses(input.requested) }),
      workflowId,
      runId,
      ...(resets.length > 0 ? { resets } : {}),
    };
    const bytes = runRecord(content, records.key);
    const stored = await records.archive.add(recordName(identityOf(content)), bytes, cancellationSignal());
    return { runId, sha256: hashOfRecord(bytes), ...stored };
  };

const requestedAnalyses = (executions: UploadRequest['executions']): RequestedAnalysis[] =>
  executions.map(({ label, configuration, again }, index) => ({
    label: executionLabel({ label }, index),
    configurationSha256: sha256OfJson(configuration),
    ...(again === undefined ? {} : { again }),
  }));
