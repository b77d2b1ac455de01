import type { Ending } from '../../src/contract/ending.js';
import type { Receipt } from '../../src/contract/receipt.js';

const ran = { startedAt: '2026-03-02T08:00:00.000Z', finishedAt: '2026-03-02T08:00:01.000Z', attempts: 1 };

/** Returns the receipt of an upload with one execution. */
export const aReceipt = (changes: Partial<Receipt> = {}): Receipt => ({
  receiptVersion: 1,
  workflowId: 'default:pk.csv:0123456789ab-0123456789ab',
  runId: 'b7f7b0b2-8d0b-4a49-9d53-0d2bd8c0d6a1',
  profile: 'default',
  source: 'file:///data/pk.csv',
  fileName: 'pk.csv',
  fileId: 'file-1',
  bucket: 'uploads',
  key: 'tenant/file-1',
  sizeBytes: 12,
  md5: '0'.repeat(31).concat('1'),
  sha256: '0'.repeat(63).concat('1'),
  etag: '0'.repeat(31).concat('1'),
  etagIsMd5: true,
  status: 204,
  apiVersion: 'v1',
  fileState: 'ready',
  executions: [
    {
      label: 'auc',
      executionId: '1:abc',
      status: 'queuing',
      configurationSha256: '0'.repeat(64),
      trackingId: '0'.repeat(32),
      origin: 'started',
    },
  ],
  steps: [
    { step: 'presign', ...ran },
    { step: 'upload', ...ran },
    { step: 'confirm', ...ran },
    { step: 'start', label: 'auc', ...ran },
  ],
  presigns: 1,
  batches: [],
  ...changes,
});

/** Returns the record of an upload that failed before anything was started. */
export const anEnding = (changes: Partial<Ending> = {}): Ending => ({
  endingVersion: 1,
  workflowId: `default:${changes.fileName ?? 'pk.csv'}`,
  runId: '0b1e9f6e-5f0a-4c3c-8a39-0f6a1c7d2e11',
  state: 'failed',
  endedAt: '2026-03-02T08:00:02.000Z',
  error: { code: 'FILE_INVALID', message: 'pk.csv: no table' },
  profile: 'default',
  source: 'file:///data/pk.csv',
  fileName: 'pk.csv',
  presigns: 1,
  batches: ['study-1'],
  requested: [{ label: 'auc', configurationSha256: '0'.repeat(64) }],
  executions: [],
  ...changes,
});
