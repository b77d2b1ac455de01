import { describe, expect, it } from 'vitest';
import * as names from '../../src/contract/names.js';

describe('the names that other programs type', () => {
  it('do not change', () => {
    expect(names).toMatchObject({
      TASK_QUEUE: 'aplos-upload',
      WORKFLOW_TYPE: 'uploadAnalysisFile',
      PROGRESS_QUERY: 'progress',
      MAX_FILE_BYTES: 5_368_709_120,
    });
    expect(names.SEARCH_ATTRIBUTES).toEqual({
      AplosProfile: 'Keyword',
      AplosFileName: 'Keyword',
      AplosFileId: 'Keyword',
      AplosExecutionIds: 'KeywordList',
      AplosBatch: 'Keyword',
      AplosRequestedBy: 'Keyword',
      AplosErrorCode: 'Keyword',
    });
  });
});

describe('the workflow type', () => {
  it('is what the workflows export', async () => {
    expect(Object.keys(await import('../../src/workflows/index.js'))).toEqual([names.WORKFLOW_TYPE]);
  });
});
