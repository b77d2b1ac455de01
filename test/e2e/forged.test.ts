import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ReplayOptions, requestForFile, UploadClient, type UploadHandle } from '../../src/client.js';
import { ADD_BATCH_SIGNAL } from '../../src/contract/batches.js';
import { TASK_QUEUE } from '../../src/contract/names.js';
import { parseUploadRequest } from '../../src/contract/request.js';
import { workflowIdFor } from '../../src/contract/workflow-id.js';
import { type Attacker, attackerOn, plaintext } from '../support/attacker.js';
import { SHORT_LAG } from '../support/payments.js';
import { startWorld } from '../support/shared-world.js';
import { startWithPayloads } from '../support/start-with-payloads.js';
import { executionsFor, table } from '../support/tables.js';
import type { World } from '../support/world.js';

let world: World;
let client: UploadClient;
let attacker: Attacker;
let files = 0;

async function setUp(env: NodeJS.ProcessEnv = {}): Promise<void> {
  world = await startWorld();
  attacker = await attackerOn(world);
  const withoutKey = env.APLOS_UPLOAD_ENCRYPTION === 'off';
  client = await UploadClient.connect({ client: withoutKey ? world.rawClient : world.client });
  await world.startWorker({ ...SHORT_LAG, ...env });
}
async function tearDown(): Promise<void> {
  attacker?.stop();
  await world?.stop();
}

/** Longer than a test. */
const HELD_MS = 600_000;

/** Starts an upload, and waits until its call to this route is held, so that an attacker can come first. The call then fails. */
async function startHeld(
  route: 'presign' | 'upload' | 'fileState' | 'start',
  name = `f${++files}.csv`,
): Promise<UploadHandle> {
  const { faults } = world.sandbox;
  if (route === 'fileState') faults.add({ route, status: 503 }); // of the local activity that confirms an upload at first
  faults.add({ route, status: 503, delayMs: HELD_MS });
  const upload = await start(name);
  await untilHeld();
  return upload;
}
const untilHeld = () => expect.poll(() => world.sandbox.faults.waiting).toEqual([]);
/** Lets the calls that are held go on. */
const release = () => world.sandbox.faults.clear();

async function start(name = `f${++files}.csv`): Promise<UploadHandle> {
  const path = await world.write(name, table(1_000 + ++files));
  return client.start(await requestForFile(path, { executions: executionsFor(['only']) }));
}

/** A file below the roots of the worker, and a presigned POST that leads to the attacker. */
async function stolenUpload() {
  const path = await world.write(`secret-${++files}.csv`, table(500));
  return {
    request: { source: `file://${path}`, fileName: 'secret.csv', profile: 'default' },
    presigned: presignedFor(attacker.url),
  };
}
const presignedFor = (url: string) => ({
  url,
  fields: { key: 'k' },
  expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
});
const forgedPresign = (url = attacker.url) => ({
  file: { fileId: randomUUID(), bucket: 'b', key: 'k' },
  presigned: presignedFor(url),
  sizeBytes: 1,
  ran: { startedAt: '', finishedAt: '', attempts: 1 },
});
const startInput = () => ({
  profile: 'default',
  fileName: 'pk.csv',
  file: { fileId: randomUUID(), bucket: 'b', key: 'k' },
  sha256: 'a'.repeat(64),
  label: 'only',
  execution: { configuration: {} },
  runStartedAt: new Date().toISOString(),
});

/** Calls an activity without a workflow, like `temporal activity execute`. Returns the failure it ends with. */
async function executeAlone(type: string, input: unknown) {
  const { workflowService, options, activity } = world.rawClient;
  const { activityId } = await activity.start(type, {
    id: randomUUID(),
    taskQueue: TASK_QUEUE,
    args: [input],
    scheduleToCloseTimeout: '30 seconds',
  });
  for (;;) {
    const request = { namespace: options.namespace, activityId };
    const { outcome } = await workflowService.pollActivityExecution(request);
    if (outcome) return outcome.failure?.applicationFailureInfo;
  }
}

/** Returns the type of the failure with which an activity of an attacker's workflow ended. */
async function failureInWorkflow(workflowId: string): Promise<string | null | undefined> {
  let type: string | null | undefined;
  await expect
    .poll(async () => {
      const { events } = await world.rawClient.workflow.getHandle(workflowId).fetchHistory();
      const failed = events?.find((event) => event.activityTaskFailedEventAttributes);
      type = failed?.activityTaskFailedEventAttributes?.failure?.applicationFailureInfo?.type;
      return type;
    })
    .toBeTruthy();
  return type;
}

const fails = (upload: UploadHandle, code: string, message: RegExp | string) =>
  expect(upload.result()).rejects.toMatchObject({
    code,
    message: message instanceof RegExp ? expect.stringMatching(message) : expect.stringContaining(message),
  });

describe.each([
  ['with', {}, 'PAYLOAD_UNTRUSTED'],
  ['without', { APLOS_UPLOAD_ENCRYPTION: 'off', APLOS_UPLOAD_ENCRYPTION_KEY: '' }, 'S3_HOST_REFUSED'],
])('a worker %s a key', (_mode, env, code) => {
  beforeAll(() => setUp(env));
  afterAll(tearDown);

  it.each(['uploadFile', 'startExecution', 'presignUpload', 'checkRequest', 'findAnalyses'])(
    'refuses to run %s without a workflow',
    async (type) => {
      const charged = world.sandbox.charges.length;
      const input = type === 'startExecution' ? startInput() : await stolenUpload();
      expect(await executeAlone(type, input)).toMatchObject({
        type: 'ACTIVITY_FORBIDDEN',
        nonRetryable: true,
      });
      expect(attacker.bytesReceived()).toBe(0);
      expect(world.sandbox.charges).toHaveLength(charged);
    },
  );

  it.each(['study', 'previewAnalyses'])('refuses to upload for a workflow of the type %s', async (type) => {
    const workflowId = await attacker.callFromWorkflow(type, 'uploadFile', await stolenUpload());
    expect(await failureInWorkflow(workflowId)).toBe('ACTIVITY_FORBIDDEN');
    expect(attacker.bytesReceived()).toBe(0);
  });

  it('lists uploads next to runs with a memo that nobody can decode', async () => {
    const workflowId = `memo-${randomUUID()}`;
    const sealed = { encoding: Buffer.from('binary/encrypted'), 'encryption-key-id': Buffer.from('none') };
    await world.rawClient.workflowService.startWorkflowExecution({
      namespace: world.temporal.namespace,
      workflowId,
      requestId: workflowId,
      workflowType: { name: 'uploadAnalysisFile' },
      taskQueue: { name: 'nobody' },
      memo: {
        fields: {
          a: { metadata: sealed, data: Buffer.alloc(50) },
          b: { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('{') },
        },
      },
    });
    const listed = async () => {
      const ids: string[] = [];
      for await (const upload of client.list()) ids.push(upload.workflowId);
      return ids;
    };
    await expect.poll(listed).toContain(workflowId);
    expect(await client.status(workflowId)).toMatchObject({ state: 'running' });
    await world.rawClient.workflow.getHandle(workflowId).terminate();
  });

  it('refuses a forged presigned POST that leads to a foreign host', async () => {
    const upload = await startHeld('presign');
    const activityId = await attacker.running(upload.workflowId, 'presignUpload');
    const forged = plaintext(forgedPresign(attacker.foreignUrl));
    await attacker.complete(upload.workflowId, activityId, forged);
    release();
    await expect(upload.result()).rejects.toMatchObject({ code });
    expect(attacker.bytesReceived()).toBe(0);
  });
});

describe('a worker with a key', { tags: ['REQ-23'] }, () => {
  beforeAll(() => setUp());
  afterAll(tearDown);
  beforeEach(release);
  afterEach(() => expect(attacker.bytesReceived()).toBe(0));

  async function replay({ workflowId }: UploadHandle, options: ReplayOptions = {}) {
    const outcomes = [];
    for await (const outcome of client.replay([workflowId], options)) outcomes.push(outcome);
    return outcomes;
  }
  const chargesOf = (fileId: string | undefined) =>
    world.sandbox.charges.filter((charge) => charge.fileId === fileId);

  it('refuses an unencrypted input in a workflow of the right type', async () => {
    const workflowId = await attacker.callFromWorkflow(
      'uploadAnalysisFile',
      'uploadFile',
      await stolenUpload(),
    );
    expect(await failureInWorkflow(workflowId)).toBe('PAYLOAD_UNTRUSTED');
  });

  it('refuses a forged presigned POST, does not disturb another upload, and can be replayed', async () => {
    const upload = await startHeld('presign');
    const activityId = await attacker.running(upload.workflowId, 'presignUpload');
    const other = await start();
    await attacker.complete(upload.workflowId, activityId, plaintext(forgedPresign()));
    release();
    await fails(
      upload,
      'PAYLOAD_UNTRUSTED',
      'The result of presignUpload is not encrypted. Check who may write',
    );
    expect(await other.result()).toMatchObject({ status: 204 });

    expect(await replay(upload, { dryRun: true })).toMatchObject([
      { state: 'would-be-resumed', from: 'presignUpload' },
    ]);
  });

  it('refuses the presigned POST of another upload', async () => {
    const honest = await start();
    await honest.result();
    const [copied] = await attacker.resultsIn(honest.workflowId, 'presignUpload');
    const upload = await startHeld('presign');
    const activityId = await attacker.running(upload.workflowId, 'presignUpload');
    await attacker.complete(upload.workflowId, activityId, copied);
    release();
    await fails(
      upload,
      'PAYLOAD_UNTRUSTED',
      `The result of presignUpload was encrypted for the workflow "${honest.workflowId}"`,
    );
  });

  it('refuses the result of another step of the same upload', async () => {
    const upload = await startHeld('upload');
    const activityId = await attacker.running(upload.workflowId, 'uploadFile');
    const [copied] = await attacker.resultsIn(upload.workflowId, 'presignUpload');
    await attacker.complete(upload.workflowId, activityId, copied);
    release();
    await fails(
      upload,
      'PAYLOAD_UNTRUSTED',
      /The result of uploadFile was encrypted for the activity "[0-9a-f-]+"/,
    );
  });

  it.each([
    ['confirmUpload', 'fileState'],
    ['startExecution', 'start'],
  ] as const)('refuses the input of %s as its result', async (type, route) => {
    const upload = await startHeld(route);
    const activityId = await attacker.running(upload.workflowId, type);
    const [inputs = []] = await attacker.inputsIn(upload.workflowId, type);
    for (const input of inputs) await attacker.complete(upload.workflowId, activityId, input).catch(() => {});
    release();
    await fails(upload, 'PAYLOAD_UNTRUSTED', `The result of ${type} `);
  });

  it('refuses the result of the same step in an earlier run', async () => {
    const name = `f${++files}.csv`;
    const earlier = await startHeld('start', name);
    await attacker.running(earlier.workflowId, 'startExecution');
    const [copied] = await attacker.resultsIn(earlier.workflowId, 'uploadFile');
    await world.rawClient.workflow.getHandle(earlier.workflowId).terminate();
    release();
    world.sandbox.faults.add({ route: 'upload', status: 503, delayMs: HELD_MS });
    const path = `${world.folder}/${name}`;
    const upload = await client.start(await requestForFile(path, { executions: executionsFor(['only']) }));
    expect(upload.workflowId).toBe(earlier.workflowId);
    await untilHeld();
    const activityId = await attacker.running(upload.workflowId, 'uploadFile');
    await attacker.complete(upload.workflowId, activityId, copied);
    release();
    await fails(upload, 'PAYLOAD_UNTRUSTED', 'The result of uploadFile was encrypted for the activity');
  });

  it.each<[what: string, reusesInput: boolean]>([
    ['that says that a key is missing', false],
    ['made of the input of the step', true],
  ])('shows nothing of the message of a forged failure %s', async (_what, reusesInput) => {
    const upload = await startHeld('upload');
    const activityId = await attacker.running(upload.workflowId, 'uploadFile');
    const [[input] = []] = await attacker.inputsIn(upload.workflowId, 'uploadFile');
    await attacker.fail(upload.workflowId, activityId, {
      type: 'PAYLOAD_UNREADABLE',
      isFinal: true,
      ...(input && reusesInput ? { encodedAttributes: input, details: input } : {}),
    });
    release();
    await fails(upload, 'PAYLOAD_UNTRUSTED', 'The failure of uploadFile is not encrypted');
  });

  it('refuses a result that is missing', async () => {
    const upload = await startHeld('upload');
    const activityId = await attacker.running(upload.workflowId, 'uploadFile');
    await attacker.complete(upload.workflowId, activityId, undefined);
    release();
    await fails(upload, 'PAYLOAD_UNTRUSTED', 'The result of uploadFile is missing');
  });

  it('refuses a forged start, and starts the execution once when the upload is replayed', async () => {
    const upload = await startHeld('start');
    const activityId = await attacker.running(upload.workflowId, 'startExecution');
    const started = {
      label: 'only',
      executionId: 'forged',
      status: 'complete',
      trackingId: 't',
      origin: 'started',
    };
    await attacker.complete(upload.workflowId, activityId, plaintext(started));
    release();
    await fails(upload, 'PAYLOAD_UNTRUSTED', 'The result of startExecution is not encrypted');
    expect(await replay(upload)).toMatchObject([{ state: 'resumed', from: 'startExecution' }]);
    const { fileId, executions } = await client.result(upload.workflowId);
    expect(executions.map(({ executionId }) => executionId)).not.toContain('forged');
    expect(chargesOf(fileId)).toHaveLength(1);
  });

  it('refuses a forged heartbeat, which says that no start was sent', async () => {
    const upload = await startHeld('start');
    const activityId = await attacker.running(upload.workflowId, 'startExecution');
    await attacker.fail(upload.workflowId, activityId, {
      type: 'WorkerGone',
      lastHeartbeat: plaintext({ mayHaveSent: false }),
    });
    release();
    await fails(upload, 'PAYLOAD_UNTRUSTED', 'The last heartbeat of startExecution is not encrypted');
    expect(await replay(upload, { dryRun: true })).toMatchObject([
      { state: 'would-be-resumed', from: 'startExecution' },
    ]);
  });

  it('refuses a forged failure, which asks for another presigned POST', async () => {
    const upload = await startHeld('upload');
    const activityId = await attacker.running(upload.workflowId, 'uploadFile');
    const details = plaintext({ code: 'S3_EXPIRED', remedy: 'presign-again' });
    await attacker.fail(upload.workflowId, activityId, { type: 'S3_EXPIRED', details });
    release();
    await fails(upload, 'PAYLOAD_UNTRUSTED', 'The failure of uploadFile is not encrypted');
  });

  it('ignores an unencrypted signal, and accepts an encrypted one', async () => {
    const upload = await startHeld('upload');
    await attacker.running(upload.workflowId, 'uploadFile');
    const signal = (of: Client, batch: string) =>
      of.workflow.getHandle(upload.workflowId).signal(ADD_BATCH_SIGNAL, { batch });
    await signal(world.rawClient, 'forged');
    await signal(world.client, 'real');
    release();
    expect((await upload.result()).batches).toEqual(['real']);
    expect(world.log()).toContain('Ignored a signal, as it is not encrypted');
  });

  it('uploads a file again after its run was blocked by data that nobody can decrypt', async () => {
    const name = `f${++files}.csv`;
    const blocked = await startHeld('start', name);
    const activityId = await attacker.running(blocked.workflowId, 'startExecution');
    const metadata = { encoding: Buffer.from('binary/encrypted'), 'encryption-key-id': Buffer.from('none') };
    await attacker.complete(blocked.workflowId, activityId, { metadata, data: Buffer.alloc(50) });
    release();
    const run = world.rawClient.workflow.getHandle(blocked.workflowId);
    const attempt = async () => (await run.describe()).raw.pendingWorkflowTask?.attempt ?? 0;
    await expect.poll(attempt).toBeGreaterThan(1);
    await run.terminate();

    const path = `${world.folder}/${name}`;
    const again = await client.start(await requestForFile(path, { executions: executionsFor(['only']) }));
    const { fileId } = await again.result();
    expect(again.workflowId).toBe(blocked.workflowId);
    expect(chargesOf(fileId)).toHaveLength(1);
  });

  it('refuses to use the workflow ID of one upload for another', async () => {
    const name = `f${++files}.csv`;
    const wanted = await requestForFile(await world.write(name, table(500)));
    await world.write('other.csv', table(20));
    const workflowId = workflowIdFor(parseUploadRequest(wanted));
    await world.rawClient.workflow.start('uploadAnalysisFile', {
      workflowId,
      taskQueue: TASK_QUEUE,
      args: [{ source: wanted.source.replace(name, 'other.csv'), fileName: name }],
    });
    await expect(client.result(workflowId)).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    expect(await (await client.start(wanted)).result()).toMatchObject({ sha256: wanted.expect?.sha256 });
  });

  it('refuses an argument that was encrypted for another workflow', async () => {
    const honest = await start();
    const { events } = await world.rawClient.workflow.getHandle(honest.workflowId).fetchHistory();
    const { input } = events?.[0]?.workflowExecutionStartedEventAttributes ?? {};
    const workflowId = await startWithPayloads(world.rawClient, input?.payloads ?? []);
    await expect(client.result(workflowId)).rejects.toMatchObject({
      code: 'PAYLOAD_UNTRUSTED',
      message: expect.stringContaining(
        `The argument of the workflow was encrypted for the workflow "${honest.workflowId}"`,
      ),
    });
  });
});
