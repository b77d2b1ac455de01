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
