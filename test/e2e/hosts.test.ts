import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { UploadClient, type UploadHandle } from '../../src/client.js';
import { currentDetailsOf } from '../support/outcome.js';
import { SHORT_LAG } from '../support/payments.js';
import { startWorld } from '../support/shared-world.js';
import { configuration } from '../support/tables.js';
import type { RunningWorker } from '../support/warm-worker.js';
import type { World } from '../support/world.js';

/** A path that names a different file in each process. */
const HERE = '/proc/self/cwd';

describe.skipIf(process.platform !== 'linux')('files that only one host has', () => {
  let world: World;
  let client: UploadClient;
  const workers = new Map<string, RunningWorker>();

  const folderOf = (host: string) => join(world.folder, host);
  const onDisk = (host: string, name: string) => readFile(join(folderOf(host), name));
  const sourceOf = (name: string) => `file://${HERE}/${name}`;

  async function startHost(host: string): Promise<void> {
    const env = { APLOS_UPLOAD_HOST: host, APLOS_UPLOAD_ROOTS: folderOf(host), ...SHORT_LAG };
    workers.set(host, await world.startWorker(env, folderOf(host)));
  }

  beforeAll(async () => {
    world = await startWorld();
    client = await UploadClient.connect({ client: world.client });
    for (const host of ['lab-1', 'lab-2', 'elsewhere']) {
      await mkdir(folderOf(host));
      for (const name of ['pk.csv', 'refused.csv', 'cancelled.csv'])
        await writeFile(join(folderOf(host), name), `subject,time,${host}\n1,0,0\n`);
    }
    await Promise.all([
      startHost('lab-1'),
      startHost('lab-2'),
      world.startWorker(SHORT_LAG, folderOf('elsewhere')),
    ]);
  });
  afterAll(() => world?.stop());

  const start = (name: string, host: string | undefined, label = 'only') =>
    client.start({
      source: sourceOf(name),
      ...(host === undefined ? {} : { host }),
      executions: [{ label, configuration }],
    });

  async function expectSentFrom(host: string, name: string, upload: UploadHandle): Promise<void> {
    const receipt = await upload.result();
    expect(receipt.host).toBe(host);
    const stored = await world.sandbox.storedBytes(receipt.fileId ?? '');
    expect(stored.toString()).toBe((await onDisk(host, name)).toString());
    const { searchAttributes } = await world.client.workflow.getHandle(upload.workflowId).describe();
    expect(searchAttributes.AplosErrorCode ?? []).toEqual([]);
  }

  const detailsOf = (workflowId: string) => currentDetailsOf(world.client.workflow.getHandle(workflowId));

  it('are uploaded by the worker of that host, even if other hosts have a file at the same path', async () => {
    const uploads = [];
    for (const label of ['day 1', 'day 7'])
      for (const host of ['lab-1', 'Lab-2'])
        uploads.push({ host: host.toLowerCase(), upload: await start('pk.csv', host, label) });
    expect(new Set(uploads.map(({ upload }) => upload.workflowId)).size).toBe(4);
    for (const { host, upload } of uploads) await expectSentFrom(host, 'pk.csv', upload);
  });

  it('wait visibly while their host has no worker, delay no other upload, and resume once a worker is back', async () => {
    world.sandbox.faults.add({ route: 'upload', status: 403, body: '<Error><Code>X</Code></Error>' });
    const refused = await start('refused.csv', 'lab-1');
    await expect(refused.result()).rejects.toMatchObject({ code: 'S3_ACCESS_DENIED' });
    await workers.get('lab-1')?.stop();

    const config = await world.write('c.json', JSON.stringify(configuration));
    const { stdout, stderr } = await world.run(
      ...['upload', sourceOf('pk.csv'), '--host', 'lab-1', '--config', config],
    );
    expect(stderr).toBe(
      '! 1 file will wait. No worker on lab-1 polls the task queue aplos-upload-on-lab-1. Start a worker there: APLOS_UPLOAD_HOST=lab-1 aplos-upload worker\n',
    );
    const workflowId = /default:\S+/.exec(stdout)?.[0] ?? '';
    await expect.poll(() => detailsOf(workflowId)).toContain('**Waiting for a worker on lab-1**');
    expect((await client.progress(workflowId))?.missingHost).toBe('lab-1');

    for await (const { state } of client.replay([refused.workflowId])) expect(state).toBe('resumed');
    const waiting = "AplosErrorCode = 'HOST_WITHOUT_WORKER' AND ExecutionStatus = 'Running'";
    await expect.poll(async () => (await world.client.workflow.count(waiting)).count).toBe(2);
    const shown = await world.run('status', '--running', '--error', 'HOST_WITHOUT_WORKER', '--each');
    expect(shown.stdout.match(/waiting for a worker on lab-1/g)).toHaveLength(2);
    expect(shown.stdout).toContain('HOST_WITHOUT_WORKER: No worker on lab-1 polls');

    await expectSentFrom('lab-2', 'pk.csv', await start('pk.csv', 'lab-2', 'meanwhile'));
    const cancelled = await start('cancelled.csv', 'lab-1');
    await client.cancel(cancelled.workflowId);
    await expect(cancelled.result()).rejects.toMatchObject({ code: 'CANCELLED' });

    await startHost('lab-1');
    const upload = { ...refused, workflowId, result: () => client.result(workflowId) };
    await expectSentFrom('lab-1', 'pk.csv', upload);
    await expectSentFrom('lab-1', 'refused.csv', refused);
    expect(await detailsOf(workflowId)).not.toContain('Waiting for');
  });

  it('are read by any worker if the request names no host', async () => {
    const receipt = await (await start('pk.csv', undefined)).result();
    expect(receipt).not.toHaveProperty('host');
  });
});
