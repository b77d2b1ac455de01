import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { asCompleted, type CompletedUpload } from '../../src/client/as-completed.js';
import { OutageWaits } from '../../src/client/outages.js';
import { UploadError } from '../../src/contract/errors.js';
import { temporalError } from '../../src/temporal/errors.js';

const translate = (error: unknown) =>
  temporalError(error, { address: 'localhost:7233', namespace: 'default' });

/** A server that lost its workflows, for example because it was restarted without its database. */
const workflow = {
  getHandle: (workflowId: string) => ({
    describe: () => Promise.reject(new WorkflowNotFoundError('workflow not found', workflowId, undefined)),
  }),
  async *list() {},
} as unknown as Client['workflow'];

describe('asCompleted', () => {
  it('calls an upload unknown, not terminated, if Temporal no longer has it', async () => {
    const waits = new OutageWaits({ limitMs: 0, onOutage: undefined, workflow, translate });
    const pending = {
      workflowId: 'default:pk.csv:1',
      fileName: 'pk.csv',
      state: 'started',
      result: () => Promise.reject(new UploadError('UPLOAD_UNKNOWN', 'It is gone')),
    } as const;
    const completed: CompletedUpload[] = [];
    for await (const each of asCompleted({ workflow } as Client, waits, [pending])) completed.push(each);
    expect(completed).toMatchObject([{ workflowId: 'default:pk.csv:1', state: 'unknown' }]);
  });
});
