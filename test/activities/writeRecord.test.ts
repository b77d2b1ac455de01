import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FolderArchive } from '../../src/archive/folder-archive.js';
import type { KnownEnding, RecordInput } from '../../src/contract/ending.js';
import { sha256OfJson } from '../../src/records/canonical.js';
import { verificationKeyOf } from '../../src/records/keys.js';
import { readRecord } from '../../src/records/read-record.js';
import { runRecord } from '../../src/records/receipt-file.js';
import { NO_BUCKET } from '../support/bucket.js';
import { sha256Of } from '../support/hashes.js';
import { environmentFor, failureOf, newJob, run } from '../support/job.js';
import { anEnding, aReceipt } from '../support/receipts.js';
import { configuration } from '../support/sandbox-client.js';
import { newSigningKey } from '../support/signing-key.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const key = newSigningKey();
const environment = () => environmentFor({ workflowExecution: { workflowId: 'w1', runId: 'r1' } });
const receipt = aReceipt({ workflowId: 'w1', runId: 'r1' });

async function newRecords() {
  const folder = await temporaryFolder();
  const job = await newJob({
    s3: NO_BUCKET,
    dependencies: {
      records: { archive: new FolderArchive(folder), key },
      readResets: async ({ runId }) => [
        { at: '2026-03-02T08:00:00.000Z', runId: `before ${runId}`, reason: 'x' },
      ],
    },
  });
  const written = async () => {
    const [name = '', ...others] = (await readdir(folder)).filter((each) => each.endsWith('.json'));
    expect(others).toEqual([]);
    return { name, bytes: await readFile(join(folder, name)) };
  };
  return {
    folder,
    job,
    written,
    write: (input: RecordInput) => run(job.activities.writeRecord, input, environment()),
  };
}

describe('writeRecord', () => {
  it('writes a signed receipt once, and returns where it is', async () => {
    const { folder, write, written } = await newRecords();
    const first = await write({ receipt, isReset: false });
    const { name, bytes } = await written();
    expect(bytes).toEqual(runRecord(receipt, key));
    expect(first).toMatchObject({ runId: 'r1', location: join(folder, name), sha256: sha256Of(bytes) });
    expect(await write({ receipt, isReset: false })).toMatchObject({ sha256: first.sha256 });
    expect((await written()).bytes).toEqual(bytes);
  });

  it('writes another ending with what was asked for, and the resets that led to the run', async () => {
    const { write, written } = await newRecords();
    const { requested, ...known } = anEnding({ workflowId: 'w1', runId: 'r1' });
    const ending: KnownEnding = known;
    await write({
      ending,
      requested: [{ configuration }, { label: 'b', configuration, again: 'why' }],
      isReset: true,
    });
    const { name, bytes } = await written();
    expect(name).toMatch(/^pk\.csv\.[0-9a-f]{12}\.ending\.json$/);
    const configurationSha256 = sha256OfJson(configuration);
    expect(readRecord(bytes, [verificationKeyOf(key)])).toMatchObject({
      findings: [{ holds: true }],
      run: {
        ...known,
        requested: [
          { label: '#1', configurationSha256 },
          { label: 'b', configurationSha256, again: 'why' },
        ],
        resets: [{ runId: 'before r1', reason: 'x' }],
      },
    });
  });

  it('writes the record of its own run only', async () => {
    const { write, written } = await newRecords();
    await write({ receipt: aReceipt({ workflowId: 'another', runId: 'another' }), isReset: false });
    expect((await written()).bytes).toEqual(runRecord(receipt, key));
  });

  it('is retried if the worker keeps no records, because another worker may', async () => {
    const { job } = await newRecords();
    const { writeRecord } = job.newWorker({ records: undefined });
    expect(await failureOf(job, run(writeRecord, { receipt, isReset: false }, environment()))).toMatchObject({
      type: 'RECORD_UNWRITABLE',
      nonRetryable: false,
      message: expect.stringContaining('Set APLOS_UPLOAD_RECORDS to the same value on all workers'),
    });
  });

  it('tells the workflow of a request, valid or not, that records are kept', async () => {
    const { job } = await newRecords();
    const check = (activities: typeof job.activities, input: unknown) =>
      environment().run(() => activities.checkRequest(input, 1));
    expect(await check(job.activities, job.request)).toMatchObject({ keepsRecords: true });
    const kept = check(job.activities, {});
    await expect(kept).rejects.toMatchObject({ type: 'REQUEST_INVALID', details: [{ keepsRecords: true }] });
    const without = job.newWorker({ records: undefined });
    expect(await check(without, job.request)).not.toHaveProperty('keepsRecords');
    await expect(check(without, {})).rejects.toMatchObject({
      type: 'REQUEST_INVALID',
      details: [{ code: 'REQUEST_INVALID', remedy: 'final' }],
    });
  });
});
