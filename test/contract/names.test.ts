import { describe, expect, it } from 'vitest';
import * as names from '../../src/contract/names.js';

describe('names that other programs type', () => {
  it('do not change', () => {
    expect(names).toMatchObject({
      TASK_QUEUE: 'aplos-upload',
      WORKFLOW_TYPE: 'uploadAnalysisFile',
      PREVIEW_WORKFLOW_TYPE: 'previewAnalyses',
      SUBSCRIPTION_WORKFLOW_TYPE: 'previewSubscription',
      WEBHOOK_WORKFLOW_TYPE: 'notifyUpload',
      BATCH_WEBHOOK_WORKFLOW_TYPE: 'notifyBatch',
      PROGRESS_QUERY: 'progress',
      MAX_FILE_BYTES: 5_368_709_120,
    });
    expect(names.SEARCH_ATTRIBUTES).toEqual({
      AplosProfile: 'Keyword',
      AplosFileName: 'Keyword',
      AplosFileId: 'Keyword',
      AplosExecutionIds: 'KeywordList',
      AplosBatch: 'KeywordList',
      AplosRequestedBy: 'Keyword',
      AplosErrorCode: 'Keyword',
    });
  });
});

describe('the workflow types', () => {
  it('are the only workflows that src/workflows exports', async () => {
    expect(Object.keys(await import('../../src/workflows/index.js'))).toEqual([
      names.CANCEL_WORKFLOW_TYPE,
      names.RESULTS_WORKFLOW_TYPE,
      names.BATCH_WEBHOOK_WORKFLOW_TYPE,
      names.WEBHOOK_WORKFLOW_TYPE,
      names.PREVIEW_WORKFLOW_TYPE,
      names.SUBSCRIPTION_WORKFLOW_TYPE,
      names.WORKFLOW_TYPE,
    ]);
  });
});

describe('executionLabel', () => {
  it('returns the label, or the position if there is none', () => {
    expect(names.executionLabel({ label: 'day 1' }, 0)).toBe('day 1');
    expect(names.executionLabel({}, 1)).toBe('#2');
  });
});
