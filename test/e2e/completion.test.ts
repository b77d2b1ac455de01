import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CancelOutcome, UploadClient, type UploadFailedError } from '../../src/client.js';
import type { Receipt } from '../../src/contract/receipt.js';
import { SHORT_LAG } from '../support/payments.js';
import { startWorld } from '../support/shared-world.js';
import { configuration, endAs, table } from '../support/tables.js';
import { untilListed } from '../support/until-listed.js';
import type { World } from '../support/world.js';

describe('an upload that waits for the end of its executions', () => {
  let world: World;
  let client: UploadClient;
  let files = 0;

  beforeAll(async () => {
    world = await startWorld({
      api: 'v3',
      stepMs: 10, // an execution ends before the upload that started it is resumed
      endExecution: endAs,
      warn: () => ['3 rows are below the limit of quantification'],
    });
    client = await UploadClient.connect({ client: world.client });
    await world.startWorker(SHORT_LAG);
  });
  afterAll(() => world?.stop());

  /** Writes a file, and a configuration whose executions end in this way. Returns functions that upload it. */
  async function newFile(end?: string) {
    const name = `completion-${++files}.csv`;
    const path = await world.write(name, table(1_000 + files));
    const config = await world.write(
      'day-1.json',
      JSON.stringify(end === undefined ? configuration : { ...configuration, endAs: end }),
    );
    const upload = (...options: string[]) => world.run('upload', path, '--config', config, ...options);
    const receiptOf = async (...options: string[]) => {
      const { stdout, stderr } = await upload('--json', ...options);
      expect(stderr).not.toContain('✗');
      return JSON.parse(stdout) as Receipt;
    };
    const listedAs = (status: string, count = 1) =>
      untilListed(world, `AplosFileName = '${name}' AND ExecutionStatus = '${status}'`, count);
    const charges = () => {
      const ids = world.sandbox.files.filter(({ fileName }) => fileName === name).map(({ fileId }) => fileId);
      return world.sandbox.charges.filter(({ fileId }) => ids.includes(fileId));
    };
    return { name, upload, receiptOf, listedAs, charges };
  }

  it('returns a receipt with the ends, and is not repeated for another one', async () => {
    const { receiptOf, charges } = await newFile();
    const receipt = await receiptOf('--wait', 'results');
    expect(receipt.executions).toMatchObject([
      {
        status: 'queued',
        completion: {
          status: 'succeeded',
          completedAt: expect.stringMatching(/Z$/),
          seconds: expect.any(Number),
          warnings: ['3 rows are below the limit of quantification'],
          engineVersions: { nca: '3.0' },
        },
      },
    ]);
    expect(receipt.steps.at(-1)).toMatchObject({ step: 'await', label: 'day-1' });
    expect(await receiptOf('--wait', 'results')).toEqual(receipt);
    expect(charges()).toHaveLength(1);
  });

  it('goes on where an upload has ended that did not wait, and starts nothing', async () => {
    const { receiptOf, charges } = await newFile();
    const first = await receiptOf();
    const second = await receiptOf('--wait', 'results');
    expect(first.executions[0]).not.toHaveProperty('completion');
    expect(second).toMatchObject({
      repeatOf: first.runId,
      executions: [{ executionId: first.executions[0]?.executionId, completion: { status: 'succeeded' } }],
    });
    expect(second.steps.map(({ step }) => step)).toEqual([
      'presign',
      'upload',
      'confirm',
      'start',
      'find',
      'await',
    ]);
    expect(charges()).toHaveLength(1);
  });

  it('fails at its time limit, and goes on waiting after a replay', async () => {
    const { name, upload, listedAs, charges } = await newFile('running');
    const failed = await upload('--wait', 'results', '--timeout', '1s', '--json');
    expect(failed.exitCode).toBe(1);
    const { workflowId, code, message } = JSON.parse(failed.stdout) as Record<string, string>;
    expect(code).toBe('COMPLETION_TIMED_OUT');
    // Without a check if none was made in time.
    expect(message).toMatch(/time limit of the request( \(last check: (queued|running), .*?\))?\. /);

    world.sandbox.change({ endExecution: () => undefined });
    let receipt: Receipt | undefined;
    for (let replays = 1; !receipt; replays++) {
      await listedAs('Failed', replays);
      const { stdout } = await world.run('replay', name);
      expect(stdout).toContain(`${name}: resumed at awaitExecution after COMPLETION_TIMED_OUT`);
      receipt = await client.result(workflowId ?? '').catch((error: UploadFailedError) => {
        expect(error.code).toBe('COMPLETION_TIMED_OUT'); // again, as no check was made in time
        return undefined;
      });
    }
    world.sandbox.change({ endExecution: endAs });
    expect(receipt.executions).toMatchObject([{ completion: { status: 'succeeded' } }]);
    expect(charges()).toHaveLength(1);
  });

  it('starts a rejected execution again after a replay', async () => {
    const { name, upload, receiptOf, listedAs, charges } = await newFile('rejected');
    expect((await upload('--wait', 'results')).stderr).toContain('EXECUTION_REJECTED');
    await listedAs('Failed');
    world.sandbox.change({
      endExecution: ({ endAs: end }) => (charges().length === 1 ? endAs({ endAs: end }) : undefined),
    });
    const { stdout } = await world.run('replay', name);
    expect(stdout).toContain(`${name}: resumed at startExecution after EXECUTION_REJECTED`);
    const receipt = await receiptOf('--wait', 'results');
    world.sandbox.change({ endExecution: endAs });
    expect(receipt.executions).toMatchObject([
      { executionId: charges()[1]?.executionId, completion: { status: 'succeeded' } },
    ]);
    expect(charges()).toHaveLength(2);
  });

  it('shows what Aplos reports, and not an error, until both it and its execution are cancelled', async () => {
    const { name, upload } = await newFile('running');
    await client.hasWorker();
    const waiting = upload('--wait', 'results');
    const status = async () => (await world.run('status', name)).stdout;
    await expect.poll(status).toMatch(/day-1\): running, 100 %, warnings: 3 rows are below/);
    // Not during a check.
    await expect.poll(status).toMatch(new RegExp(`^${name} +waiting for results, next check in \\d+s`, 'm'));
    expect(await status()).not.toContain('EXECUTION_PENDING');

    const cancelled = await world.run('cancel', name, '--executions');
    expect(cancelled.stdout).toMatch(new RegExp(`^${name}: cancelled\n {2}\\S+ {2}day-1: cancelled\n$`));
    expect(await waiting).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('CANCELLED') });
    expect((await world.run('cancel', name, '--executions')).stdout).toMatch(
      /: was cancelled before\n.*day-1: cancelled\n$/,
    );
  });

  it('leaves an execution that a completed upload started, unless it is cancelled as well', async () => {
    const { name, receiptOf, listedAs } = await newFile('running');
    const { workflowId, executions } = await receiptOf('--batch', 'left');
    await listedAs('Completed');
    expect(await client.cancel(workflowId)).toEqual({
      workflowId,
      fileName: name,
      state: 'done',
      wasRunning: false,
    });
    const asked = await world.run('cancel', '--batch', 'left', '--executions');
    expect(asked).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('Add --yes') });
    const { stdout } = await world.run('cancel', '--batch', 'left', '--executions', '--yes', '--json');
    expect(JSON.parse(stdout) as CancelOutcome).toEqual({
      file: name,
      workflowId,
      fileName: name,
      state: 'done',
      wasRunning: false,
      executions: [
        {
          executionId: executions[0]?.executionId,
          label: 'day-1',
          outcome: 'cancelled',
          status: 'cancelled',
        },
      ],
    });
    const again = await world.run('cancel', '--batch', 'left', '--yes');
    expect(again).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('Nothing to cancel') });
  });
});
