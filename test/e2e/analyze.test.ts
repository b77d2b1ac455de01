import { appendFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UploadClient } from '../../src/client.js';
import type { Receipt } from '../../src/contract/receipt.js';
import { SHORT_LAG } from '../support/payments.js';
import { startWorld } from '../support/shared-world.js';
import { configuration, table } from '../support/tables.js';
import { untilListed } from '../support/until-listed.js';
import type { World } from '../support/world.js';

const refuseConfiguration = ({ mark }: { mark?: unknown }) =>
  mark === 'refused' ? 'kel_rules: unknown regression' : undefined;

describe('aplos-upload analyze', () => {
  let world: World;
  let client: UploadClient;
  let files = 0;

  beforeAll(async () => {
    world = await startWorld({ refuseConfiguration, api: 'both' });
    client = await UploadClient.connect({ client: world.client });
    await world.startWorker(SHORT_LAG);
  });
  afterAll(() => world?.stop());

  const config = (mark: string) => world.write(`${mark}.json`, JSON.stringify({ ...configuration, mark }));
  const newFile = () => world.write(`analyze-${++files}.csv`, table(1_000 + files));

  async function receiptOf(...args: string[]): Promise<Receipt> {
    const { stdout, stderr } = await world.run(...args, '--json');
    expect(stdout, stderr).not.toBe('');
    return JSON.parse(stdout) as Receipt;
  }
  /** Uploads a file, and waits until an analysis can find it. */
  async function upload(path: string, mark: string): Promise<Receipt> {
    const receipt = await receiptOf('upload', path, '--config', await config(mark));
    const { workflowId } = receipt;
    await untilListed(world, `WorkflowId = '${workflowId}' AND ExecutionStatus = 'Completed'`);
    return receipt;
  }
  const analyze = async (what: string, mark: string, ...options: string[]) =>
    receiptOf('analyze', what, '--config', await config(mark), ...options);

  /** Returns how often a file was stored, and its charges. */
  function paidFor(path: string): { stored: number; charges: number } {
    const records = world.sandbox.files.filter(({ fileName }) => fileName === basename(path));
    return {
      stored: records.flatMap(({ uploads }) => uploads.filter(({ status }) => status === 204)).length,
      charges: world.sandbox.charges.filter(({ fileId }) => records.some((each) => each.fileId === fileId))
        .length,
    };
  }
  const origins = ({ executions }: Receipt) => executions.map(({ origin }) => origin);

  describe.each(['v1', 'v3'] as const)('with version %s of the API', (version) => {
    beforeAll(() => world.sandbox.change({ api: version }));

    it('starts an analysis of a file that was uploaded before, without an upload', async () => {
      const path = await newFile();
      const first = await upload(path, 'a');
      const second = await analyze(path, 'b');

      expect(paidFor(path)).toEqual({ stored: 1, charges: 2 });
      expect(second).toMatchObject({
        source: `aplos:file/${encodeURIComponent(first.fileId ?? '')}`,
        fileId: first.fileId,
        sha256: first.sha256,
        sizeBytes: first.sizeBytes,
        md5: first.md5,
        bucket: first.bucket,
        fileState: 'ready',
        contentProof: 'run',
        presigns: 0,
        storedBy: { workflowId: first.workflowId, runId: first.runId },
        executions: [{ label: 'b', origin: 'started' }],
      });
      expect(second.steps.map(({ step }) => step)).toEqual(['confirm', 'start']);
      for (const absent of ['status', 'etag', 'etagIsMd5', 'correctionOf'])
        expect(second).not.toHaveProperty(absent);
    });

    it('finds an analysis that an upload has started, and the other way round', async () => {
      const path = await newFile();
      const first = await upload(path, 'a');
      expect((await analyze(path, 'a')).executions).toEqual(first.executions);
      await analyze(path, 'b', '--batch', 'one');
      const both = await receiptOf(
        'upload',
        path,
        '--config',
        await config('b'),
        '--config',
        await config('a'),
      );
      expect(origins(both)).toEqual(['found', 'found']);
      const again = await analyze(path, 'b', '--batch', 'two');
      expect(origins(again)).toEqual(['found']);
      expect(paidFor(path)).toEqual({ stored: 2, charges: 2 });
    });

    it('corrects a configuration that Aplos refused, and links both runs', async () => {
      const path = await newFile();
      const { stdout } = await world.run('upload', path, '--config', await config('refused'), '--json');
      const { workflowId, message } = JSON.parse(stdout) as { workflowId: string; message: string };
      expect(message).toContain('aplos-upload analyze');
      const [failed] = await statuses(workflowId);

      const corrected = await analyze(workflowId, 'fixed');
      expect(corrected.correctionOf).toEqual({ workflowId, runId: failed?.runId });
      expect(paidFor(path)).toEqual({ stored: 1, charges: 1 });
      await expect
        .poll(() => statuses(workflowId))
        .toMatchObject([{ correctedBy: [{ workflowId: corrected.workflowId, runId: corrected.runId }] }]);
      expect((await world.run('status', workflowId)).stdout).toContain(
        `corrected by ${corrected.workflowId}`,
      );
    });
  });

  async function statuses(workflowId: string) {
    const status = await client.status(workflowId);
    return status ? [status] : [];
  }

  it('finds a file by its name, its ID, its receipt and the ID of its upload', async () => {
    const path = await newFile();
    const receipt = await upload(path, 'a');
    const receipts = await world.write('receipts.jsonl', `${JSON.stringify(receipt)}\n`);
    const all = [[basename(path)], ['--file-id', receipt.fileId ?? ''], [receipts], [receipt.workflowId]];
    for (const [index, what] of all.entries()) {
      const found = await receiptOf('analyze', ...what, '--config', await config(`c${index}`));
      expect(found).toMatchObject({ fileId: receipt.fileId, contentProof: 'run' });
    }
    expect(paidFor(path)).toEqual({ stored: 1, charges: 5 });
  });

  it('shows each file first, and starts nothing in a dry run', async () => {
    const path = await newFile();
    const receipt = await upload(path, 'a');
    const { stdout, stderr } = await world.run(
      ...['analyze', path, '--dry-run', '--config', await config('a'), '--config', await config('b')],
    );
    expect(stderr).toContain(`${path}: file ${receipt.fileId} at Aplos, uploaded by ${receipt.workflowId}`);
    expect(stdout).toContain('1 new');
    expect(paidFor(path)).toEqual({ stored: 1, charges: 1 });
  });

  it('starts nothing if one of the files is not known with its present content', async () => {
    const [known, changed] = [await newFile(), await newFile()];
    for (const path of [known, changed]) await upload(path, 'a');
    await appendFile(changed, '99,f,1,0,0,0\n');
    const { stderr, exitCode } = await world.run(
      'analyze',
      known,
      changed,
      'nowhere.csv',
      '--config',
      await config('b'),
    );
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/FILE_NOT_STORED: No upload of ".*analyze-\d+\.csv" with its present content/);
    expect(stderr).toContain('FILE_NOT_STORED: "nowhere.csv" is neither a file here nor an upload');
    expect(paidFor(known).charges).toBe(1);
  });

  it('does not start an analysis of a file whose bytes nobody can prove', async () => {
    const path = await newFile();
    const { fileId = '', fileName } = await upload(path, 'a');
    const { stdout } = await world.run(
      'analyze',
      fileName,
      '--file-id',
      'other',
      '--sha256',
      'f'.repeat(64),
      '--config',
      await config('b'),
      '--json',
    );
    expect(JSON.parse(stdout)).toMatchObject({ state: 'failed', code: 'FILE_NOT_STORED' });
    const handle = await client.start({
      source: `aplos:file/${fileId}`,
      fileName,
      expect: { sha256: '0'.repeat(64) },
      executions: [{ configuration }],
    });
    await expect(handle.result()).rejects.toMatchObject({ code: 'FILE_UNVERIFIED' });
    expect(paidFor(path).charges).toBe(1);
  });
});
