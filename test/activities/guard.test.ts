import { createSecretKey, randomBytes } from 'node:crypto';
import { activityInfo, Context } from '@temporalio/activity';
import {
  type ActivitySerializationContext,
  ApplicationFailure,
  defaultPayloadConverter,
  RawValue,
  type SerializationContext,
} from '@temporalio/common';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { guardActivities } from '../../src/activities/guard.js';
import { mayCall } from '../../src/contract/activities.js';
import * as names from '../../src/contract/names.js';
import { EncryptionCodec } from '../../src/temporal/encryption-codec.js';
import { environmentFor, type Info, newJob } from '../support/job.js';

const { PREVIEW_WORKFLOW_TYPE, WORKFLOW_TYPE } = names;
const WORKFLOW_TYPES = Object.entries(names).flatMap(([name, type]) =>
  name.endsWith('WORKFLOW_TYPE') ? [String(type)] : [],
);

/** Runs the guard before an activity that returns `done`. */
async function guarded(info: Info, args: unknown[] = [{}], keepsRecords = false): Promise<unknown> {
  return environmentFor(info).run(async () => {
    const { inbound } = guardActivities({ keepsRecords })(Context.current());
    return inbound?.execute?.({ args, headers: {} }, async () => `done by ${activityInfo().activityType}`);
  });
}

const context: ActivitySerializationContext = {
  type: 'activity',
  namespace: 'default',
  workflowId: 'w1',
  activityId: '3',
  isLocal: false,
};
const codec = new EncryptionCodec([{ id: 'k1', key: createSecretKey(randomBytes(32)) }]);

/** Returns a value as an activity receives it if somebody else wrote it. */
async function received(value: unknown, at: SerializationContext = context): Promise<RawValue> {
  const [payload = {}] = await codec.decode([defaultPayloadConverter.toPayload(value)], at);
  return RawValue.fromPayload(payload);
}
const valueIn = ({ payload }: RawValue): unknown => defaultPayloadConverter.fromPayload(payload);

const uploading = { workflowType: WORKFLOW_TYPE, activityType: 'uploadFile' };

describe('guardActivities', () => {
  it('lets each activity run for one workflow type, except for the steps that fetch results', async () => {
    const { activities } = await newJob({});
    const typesOf = (activity: string) => WORKFLOW_TYPES.filter((type) => mayCall(type, activity)).length;
    const names = Object.keys(activities);
    expect(names.filter((name) => typesOf(name) === 0)).toEqual([]);
    expect(names.filter((name) => typesOf(name) > 1).sort()).toEqual(['fetchResults', 'lookForWorker']);
  });

  it('runs an activity of an upload', async () => {
    expect(await guarded(uploading)).toBe('done by uploadFile');
  });

  it('refuses every other workflow type, whatever its name, and no workflow at all', async () => {
    const types = fc.oneof(
      fc.string(),
      fc.constantFrom('UploadAnalysisFile', 'uploadAnalysisFile ', PREVIEW_WORKFLOW_TYPE, '__proto__', ''),
    );
    await fc.assert(
      fc.asyncProperty(fc.option(types, { nil: undefined }), async (workflowType) => {
        fc.pre(workflowType !== WORKFLOW_TYPE);
        const failure = await guarded({ ...uploading, workflowType } as Info).catch(
          (error: unknown) => error,
        );
        expect(failure).toBeInstanceOf(ApplicationFailure);
        expect(failure).toMatchObject({ type: 'ACTIVITY_FORBIDDEN', nonRetryable: true });
      }),
      { numRuns: 50 },
    );
  });

  it('names the activity and its caller', async () => {
    await expect(guarded({ ...uploading, workflowType: 'study' })).rejects.toThrow(
      'The activity uploadFile was called by a workflow of the type "study". Start the workflow uploadAnalysisFile',
    );
  });

  it('refuses an unencrypted input, in whichever argument and also if the activity decodes it itself', async () => {
    const forged = await received({ request: {} });
    for (const args of [[valueIn(forged)], [{}, valueIn(forged)], [forged]])
      await expect(guarded(uploading, args)).rejects.toMatchObject({
        type: 'PAYLOAD_UNTRUSTED',
        nonRetryable: true,
        message: expect.stringContaining('The input of uploadFile is not encrypted'),
        details: [{ code: 'PAYLOAD_UNTRUSTED', remedy: 'final' }],
      });
  });

  it('tells a run whose argument is not trusted that records are kept', async () => {
    const forged = await received({ request: {} });
    await expect(guarded(uploading, [forged], true)).rejects.toMatchObject({
      details: [{ code: 'PAYLOAD_UNTRUSTED', remedy: 'final', keepsRecords: true }],
    });
  });

  it('accepts the unencrypted argument of a workflow', async () => {
    const argument = await received({}, { type: 'workflow', namespace: 'default', workflowId: 'w1' });
    const info = { workflowType: WORKFLOW_TYPE, activityType: 'checkRequest' };
    expect(await guarded(info, [argument, 1])).toBe('done by checkRequest');
  });

  it('refuses a forged heartbeat of the attempt before', async () => {
    const heartbeatDetails = valueIn(await received({ mayHaveSent: false }));
    await expect(guarded({ ...uploading, heartbeatDetails })).rejects.toMatchObject({
      type: 'PAYLOAD_UNTRUSTED',
      message: expect.stringContaining('The last heartbeat of uploadFile is not encrypted'),
    });
  });
});
