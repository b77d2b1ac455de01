import type { WorkflowFailedError } from '@temporalio/client';
import type { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { withErrorCodes } from '../../src/activities/failures.js';
import { withRawInput } from '../../src/activities/raw-input.js';
import { readSubscription } from '../../src/activities/readSubscription.js';
import type { AplosApi, Subscription } from '../../src/aplos/api.js';
import { UploadError } from '../../src/contract/errors.js';
import { timeSkipping } from '../support/time-skipping.js';

describe('previewSubscription', () => {
  const server = timeSkipping();

  /** Runs the workflow. Returns its result, or the failure that it ends with. */
  function run(subscription: () => Promise<Subscription>, ...args: readonly unknown[]) {
    const api = (profile: string) => {
      if (profile !== 'default') throw new UploadError('PROFILE_UNKNOWN', `No profile ${profile}`);
      return { subscription } as AplosApi;
    };
    const activities = { readSubscription: withRawInput(withErrorCodes(readSubscription({ api }))) };
    return server.withWorker(activities, (taskQueue) =>
      server.client.workflow
        .execute('previewSubscription', { taskQueue, workflowId: taskQueue, args: [...args] })
        .catch((error: WorkflowFailedError) => error.cause as ApplicationFailure),
    );
  }

  it('returns what Aplos reports', async () => {
    const subscription = { plan: 'professional', status: 'active', allocated: 100, remaining: 42 };
    expect(await run(async () => subscription, { profile: 'default' })).toEqual(subscription);
  });

  it.each<[what: string, args: readonly unknown[], type: string]>([
    ['an unknown profile', [{ profile: 'other' }], 'PROFILE_UNKNOWN'],
    ['no argument', [], 'REQUEST_INVALID'],
    ['an unknown field', [{ profile: 'default', file: 'pk.csv' }], 'REQUEST_INVALID'],
  ])('fails with a code if it is given %s', async (_what, args, type) => {
    expect(await run(async () => ({}), ...args)).toMatchObject({ type });
  });
});
