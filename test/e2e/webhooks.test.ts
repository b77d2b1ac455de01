import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { freePorts } from '../../sandbox/servers/free-ports.js';
import { requestForFile, UploadClient } from '../../src/client.js';
import { SHORT_LAG } from '../support/payments.js';
import { startWorld } from '../support/shared-world.js';
import { configuration, table } from '../support/tables.js';
import { untilListed } from '../support/until-listed.js';
import {
  type Reaction,
  type ReceivedWebhook,
  startReceiver,
  WEBHOOK_SECRET,
} from '../support/webhook-receiver.js';
import type { World } from '../support/world.js';

const refuseConfiguration = ({ mark }: { mark?: unknown }) => (mark === 'refused' ? 'unknown' : undefined);

describe('webhooks', () => {
  let world: World;
  let client: UploadClient;
  let receiver: Awaited<ReturnType<typeof startReceiver>>;
  let files = 0;

  beforeAll(async () => {
    [world, receiver] = await Promise.all([startWorld({ refuseConfiguration }), startReceiver()]);
    client = await UploadClient.connect({ client: world.client });
    await world.startWorker({
      APLOS_UPLOAD_WEBHOOK: receiver.url,
      APLOS_UPLOAD_WEBHOOK_SECRET: WEBHOOK_SECRET,
      APLOS_UPLOAD_WEBHOOK_HOSTS: '127.0.0.1',
      APLOS_UPLOAD_BATCH_QUIET: '2',
      ...SHORT_LAG,
    });
  });
  afterAll(async () => {
    receiver?.stop();
    await world?.stop();
  });

  const newFile = () => world.write(`webhook-${++files}.csv`, table(1_000 + files));
  const config = (mark: string) => world.write(`${mark}.json`, JSON.stringify({ ...configuration, mark }));
  const upload = async (path: string, mark: string, ...options: string[]) =>
    JSON.parse(
      (await world.run('upload', path, '--config', await config(mark), '--json', ...options)).stdout,
    ) as { workflowId: string; runId: string; code?: string };
  const about = (workflowId: string) =>
    receiver.received.filter(({ event }) => event.data.workflowId === workflowId);
  const arrived = (workflowId: string, number: number) =>
    expect.poll(() => about(workflowId)).toHaveLength(number);

  it('report an upload that is done, with its receipt', async () => {
    const receipt = await upload(await newFile(), 'a');
    await arrived(receipt.workflowId, 1);
    const { file, state, ...expected } = { file: '', state: '', ...receipt };
    expect(about(receipt.workflowId)[0]?.event).toMatchObject({
      type: 'upload.done',
      data: { workflowId: receipt.workflowId, profile: 'default', state: 'done', receipt: expected },
    });
  });

  it('report an upload that failed to the URL of its request, and again only if it ends otherwise', async () => {
    const webhook = `${receiver.url}/of-request`;
    const { workflowId, code } = await upload(await newFile(), 'refused', '--webhook', webhook);
    expect(code).toBe('EXECUTION_REFUSED');
    await arrived(workflowId, 1);
    expect(about(workflowId)[0]).toMatchObject({
      path: '/hook/of-request',
      event: { type: 'upload.failed', data: { error: { code: 'EXECUTION_REFUSED' } } },
    });

    await world.run('replay', workflowId, '--all');
    await expect.poll(async () => (await client.status(workflowId))?.state).toBe('failed');
    world.sandbox.change({ refuseConfiguration: () => undefined });
    onTestFinished(() => world.sandbox.change({ refuseConfiguration }));
    await world.run('replay', workflowId, '--all');
    await arrived(workflowId, 2);
    const [failed, done] = about(workflowId);
    expect(done?.event.type).toBe('upload.done');
    expect(done?.id).not.toBe(failed?.id);
  });

  it('are retried with the same ID, and do not delay the upload', async () => {
    const path = await newFile();
    let respond = (_reaction: Reaction) => {};
    const delayed = new Promise<Reaction>((resolve) => {
      respond = resolve;
    });
    receiver.reactions.push(delayed, 'drop', { status: 503 });
    const { workflowId } = await upload(path, 'a');
    expect(about(workflowId)).toEqual([]);
    respond({ status: 500 });
    await arrived(workflowId, 1);
  });

  it('report the end of a batch once, with what failed', async () => {
    const batch = 'webhook batch';
    const start = async (mark: string) => {
      const executions = [{ configuration: { ...configuration, mark } }];
      return client.start(await requestForFile(await newFile(), { executions, batch }));
    };
    const { faults } = world.sandbox;
    faults.add({ route: 'presign', status: 503, times: 'always' }); // so that none ends before all are known
    const uploads = [await start('refused'), await start('a'), await start('a')];
    await untilListed(world, `AplosBatch = '${batch}' AND ExecutionStatus = 'Running'`, uploads.length);
    faults.clear();
    const ofBatch = (): ReceivedWebhook[] =>
      receiver.received.filter(({ event }) => event.data.batch === batch && event.type === 'batch.ended');
    await expect.poll(() => ofBatch(), { interval: 100 }).toHaveLength(1);
    expect(ofBatch()[0]?.event.data).toMatchObject({
      profile: 'default',
      total: 3,
      states: { done: 2, failed: 1 },
      failures: [{ workflowId: uploads[0]?.workflowId, state: 'failed', code: 'EXECUTION_REFUSED' }],
    });
    for (const { workflowId } of uploads) await arrived(workflowId, 1);
  });

  it('show why they were not sent, without an effect on the upload', async () => {
    const webhook = 'https://10.1.2.3/hook?token=s3cret';
    const { workflowId } = await upload(await newFile(), 'a', '--webhook', webhook);
    await expect
      .poll(async () => (await client.status(workflowId))?.webhook)
      .toMatchObject({ state: 'failed', failure: { code: 'WEBHOOK_FORBIDDEN' } });
    const { stdout } = await world.run('status', workflowId);
    expect(stdout).toContain('WEBHOOK_FORBIDDEN');
    expect(stdout + world.log()).not.toContain('s3cret');
    expect(stdout).toMatch(/ done /);
  });

  it('cannot be forged by someone who may start workflows', async () => {
    const before = receiver.received.length;
    const forged = { workflowId: 'w', runId: '01a219ab-0000-7000-8000-000000000000' };
    const failures = [{ ...forged, receipt: {} }, forged, 'text'].map(async (input, index) => {
      const workflowId = `forged-${index}`;
      await world.rawClient.workflow.start('notifyUpload', {
        taskQueue: 'aplos-upload',
        workflowId,
        args: [input],
      });
      const end = world.client.workflow.result(workflowId);
      return end.catch((error: { cause?: { type?: string } }) => error.cause?.type);
    });
    expect(await Promise.all(failures)).toEqual(['REQUEST_INVALID', 'UPLOAD_UNKNOWN', 'REQUEST_INVALID']);
    expect(receiver.received).toHaveLength(before);
  });

  it('are received by the receiver in examples, each once', async () => {
    const [port = 0] = await freePorts(1);
    const lines: string[] = [];
    const process_ = startScript('examples/webhooks/receiver.mjs', port, lines);
    onTestFinished(() => void process_.kill());
    const url = `http://127.0.0.1:${port}/`;
    const { workflowId } = await upload(await newFile(), 'a', '--webhook', url);
    await expect.poll(() => lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ type: 'upload.done', data: { workflowId } });
    const forged = await fetch(url, {
      method: 'POST',
      headers: {
        'webhook-id': 'msg_1',
        'webhook-timestamp': String(Math.floor(Date.now() / 1000)),
        'webhook-signature': `v1,${Buffer.alloc(32).toString('base64')}`,
      },
      body: '{}',
    });
    expect(forged.status).toBe(401);
    const dropped = request(url, {
      method: 'POST',
      headers: { expect: '100-continue', 'content-length': 2 },
    });
    dropped.on('error', () => {}).flushHeaders();
    await once(dropped, 'continue');
    dropped.destroy();
    const odd = { 'webhook-signature': `v1,${'é'.repeat(44)}` };
    expect((await fetch(url, { method: 'POST', body: '{}', headers: odd })).status).toBe(401);
    expect(lines).toHaveLength(1);
  });
});

function startScript(path: string, port: number, lines: string[]): ChildProcess {
  const env = { ...process.env, WEBHOOK_SECRET, PORT: String(port) };
  const child = spawn(process.execPath, [path], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    lines.push(...text.split('\n').filter(Boolean));
  });
  return child;
}
