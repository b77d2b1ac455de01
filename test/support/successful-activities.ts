import { parseUploadRequest, type UploadRequestInput } from '../../src/contract/request.js';
import { storedFileId } from '../../src/contract/source.js';
import type { UploadActivities } from '../../src/contract/steps.js';

const MD5 = 'd41d8cd98f00b204e9800998ecf8427e';
/** A request with two executions. */
export const request: UploadRequestInput = {
  source: 'file:///data/pk.csv',
  fileName: 'pk.csv',
  requestedBy: 'jane@example.com',
  executions: [
    { label: 'day 1', configuration: { version: '1' } },
    { label: 'day 7', configuration: { version: '7' } },
  ],
};

/** Timing of a step. */
export const ran = {
  startedAt: '2026-01-01T00:00:00.000Z',
  finishedAt: '2026-01-01T00:00:01.000Z',
  attempts: 1,
};

/** Returns activities that succeed and record their calls. */
export function successfulActivities(calls: string[]): UploadActivities {
  let presigns = 0;
  return {
    checkRequest: async (input) => parseUploadRequest(input),
    lookForWorker: async () => true,
    findEarlierUpload: async () => ({ ran }),
    presignUpload: async () => {
      calls.push('presign');
      presigns += 1;
      return {
        file: { fileId: `file-${presigns}`, bucket: 'bucket', key: `key-${presigns}` },
        presigned: {
          url: 'https://bucket.s3.amazonaws.com/',
          fields: { key: `key-${presigns}` },
          expiresAt: '2999-01-01T00:00:00.000Z',
        },
        sizeBytes: 10,
        ran,
      };
    },
    uploadFile: async ({ presigned }) => {
      calls.push(`upload to ${presigned.fields.key}`);
      return { status: 204, etag: MD5, md5: MD5, sha256: 'f'.repeat(64), sizeBytes: 10, seconds: 0.1, ran };
    },
    confirmUpload: async ({ file }) => {
      calls.push(`confirm ${file.fileId}`);
      return { apiVersion: 'v1', fileState: 'ready', etagIsMd5: true, ran };
    },
    confirmStoredFile: async ({ request }) => {
      calls.push(`confirm stored ${request.fileName}`);
      return {
        file: { fileId: storedFileId(request.source) ?? '' },
        apiVersion: 'v1',
        fileState: 'ready',
        sha256: request.expect?.sha256 ?? '',
        contentProof: 'checksum',
        ran,
      };
    },
    startExecution: async ({ label, file }) => {
      calls.push(`start ${label} on ${file.fileId}`);
      return {
        label,
        executionId: `execution of ${label}`,
        status: 'queuing',
        trackingId: `t-${label}`,
        configurationSha256: '0'.repeat(64),
        origin: 'started',
        ran,
      };
    },
    awaitExecution: async ({ label }) => {
      calls.push(`await ${label}`);
      return { status: 'complete', seconds: 60, ran };
    },
    writeRecord: async (input) => {
      const { runId } = 'receipt' in input ? input.receipt : input.ending;
      calls.push(`record ${'receipt' in input ? 'receipt' : input.ending.state}`);
      return { runId, location: '/records/r.json', sha256: 'a'.repeat(64), ran };
    },
    fetchResults: async ({ label, results }) => {
      calls.push(`fetch ${label}`);
      return {
        location: results.replace('{label}', label),
        sizeBytes: 10,
        sha256: 'a'.repeat(64),
        inputVerified: true,
        configurationVerified: true,
        ran,
      };
    },
  };
}
