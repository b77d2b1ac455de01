import { expect, it, onTestFinished, vi } from 'vitest';
import { uploadInBulk } from '../../../src/cli/commands/upload/in-bulk.js';
import { Notices } from '../../../src/cli/output/notices.js';
import type { UiLinks } from '../../../src/cli/output/ui-links.js';
import { createFileJob } from '../../../src/client/file-job.js';
import type { UploadClient } from '../../../src/client.js';
import { UploadError } from '../../../src/contract/errors.js';

const handle = { workflowId: 'default:pk.csv:1', fileName: 'pk.csv', runId: '1', state: 'started' };

/** Uploads a file, and waits for it. Returns what is printed, and the error. */
async function printedBy(ended: () => AsyncGenerator<unknown>): Promise<string> {
  let printed = '';
  const write = (text: unknown) => {
    printed += String(text);
    return true;
  };
  vi.spyOn(process.stderr, 'write').mockImplementation(write);
  vi.spyOn(process.stdout, 'write').mockImplementation(write);
  const { exitCode } = process;
  onTestFinished(() => {
    vi.restoreAllMocks();
    process.exitCode = exitCode;
  });
  const client = {
    async *startMany(requests: AsyncIterable<unknown>) {
      for await (const _ of requests) yield handle;
    },
    async *asCompleted(uploads: AsyncIterable<unknown>) {
      for await (const _ of uploads);
      yield* ended();
    },
    hasWorker: async () => true,
    stopWaiting: () => {},
  } as unknown as UploadClient;
  const jobs = [createFileJob('pk.csv', [], { profile: 'default' })];
  const read = async () => ({ source: 'file:///pk.csv' });
  const options = { profile: 'default', wait: 'upload', batch: 'a' } as const;
  const links = { batchPage: () => undefined, listPage: () => undefined } as unknown as UiLinks;
  await uploadInBulk(client, jobs, read, options, { notices: new Notices(), links }).catch((error: Error) => {
    printed += error.message;
  });
  return printed;
}

it('a batch reports an upload that Temporal no longer has as unknown, with what to do', async () => {
  const printed = await printedBy(async function* () {
    yield { ...handle, state: 'unknown', result: () => Promise.reject(new Error('gone')) };
  });
  expect(printed).toContain(
    'Temporal no longer has 1 upload, e.g. pk.csv (default:pk.csv:1), so the results are not known. Run the same command again: what Aplos already has is not started again.',
  );
  expect(printed).toContain('Results: 1 unknown');
  expect(printed).not.toMatch(/replay|terminated|\b[1-9] failed/);
});

it('a batch does not say that uploads continue in a namespace that is gone', async () => {
  const stop = (code: 'NAMESPACE_UNKNOWN' | 'TEMPORAL_ACCESS_DENIED') =>
    printedBy(async function* () {
      yield* [];
      throw new UploadError(code, 'It failed');
    });
  expect(await stop('NAMESPACE_UNKNOWN')).toContain(
    'Stopped. 1 of 1 upload were started. What became of them is not known.',
  );
  expect(await stop('TEMPORAL_ACCESS_DENIED')).toContain(
    'Stopped. 1 of 1 upload were started and continue in the background.',
  );
});
