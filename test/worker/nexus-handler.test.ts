import { Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { ApplicationFailure, RawValue } from '@temporalio/common';
import { type TemporalNexusClient, TemporalOperationResult } from '@temporalio/nexus';
import { OperationError } from 'nexus-rpc';
import { describe, expect, it, vi } from 'vitest';
import { parseUploadRequest } from '../../src/contract/request.js';
import { workflowIdFor } from '../../src/contract/workflow-id.js';
import { startOperation } from '../../src/worker/nexus-handler.js';

const request = { source: 'file:///data/pk.csv', expect: { sha256: 'a'.repeat(64) }, batch: 'study-7' };
const workflowId = workflowIdFor(parseUploadRequest(request));

/** A client whose starts have this outcome, and whose workflows are completed with this receipt. */
function temporalWith(start: () => Promise<unknown>, receipt?: unknown) {
  const client = Object.create(Client.prototype, {
    workflow: { value: { getHandle: () => ({ result: async () => receipt }) } },
  }) as Client;
  const startWorkflow = vi.fn(start) as unknown as TemporalNexusClient['startWorkflow'];
  return { client, startWorkflow };
}

describe('the Nexus operation upload', () => {
  it('starts the workflow of the request, or joins it', async () => {
    const token = TemporalOperationResult.async('token');
    const temporal = temporalWith(async () => token);
    expect(await startOperation(temporal, new RawValue(request))).toBe(token);
    expect(temporal.startWorkflow).toHaveBeenCalledWith(
      'uploadAnalysisFile',
      expect.objectContaining({
        taskQueue: 'aplos-upload',
        workflowId,
        workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
        workflowIdConflictPolicy: 'USE_EXISTING',
        args: [expect.objectContaining(request)],
      }),
    );
  });

  it('returns the receipt of an upload that is completed', async () => {
    const receipt = { fileName: 'pk.csv', status: 204 };
    const temporal = temporalWith(async () => {
      throw new WorkflowExecutionAlreadyStartedError('already started', workflowId, 'uploadAnalysisFile');
    }, receipt);
    expect(await startOperation(temporal, new RawValue(request))).toEqual(
      TemporalOperationResult.sync(receipt),
    );
  });

  it('passes on other errors, so that Temporal retries the operation', async () => {
    const error = new Error('Temporal is unavailable');
    const temporal = temporalWith(() => Promise.reject(error));
    await expect(startOperation(temporal, new RawValue(request))).rejects.toBe(error);
  });

  it.each([7, null, {}, { source: 7 }, { ...request, unknown: 1 }])(
    'fails with REQUEST_INVALID, and starts nothing, if the request is %j',
    async (invalid) => {
      const temporal = temporalWith(async () => undefined);
      const failed = await startOperation(temporal, new RawValue(invalid)).catch((error: unknown) => error);
      expect(failed).toBeInstanceOf(OperationError);
      expect(failed).toMatchObject({
        state: 'failed',
        cause: { constructor: ApplicationFailure, type: 'REQUEST_INVALID', nonRetryable: true },
      });
      expect(temporal.startWorkflow).not.toHaveBeenCalled();
    },
  );
});
