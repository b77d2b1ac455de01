import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { peakMemory } from '../../bench/process-memory.js';
import type { WorkerProcess } from '../../sandbox/worker-process.js';
import { requestForFile, UploadClient } from '../../src/client.js';
import { sha256OfStream } from '../support/hashes.js';
import { QUEUED } from '../support/payments.js';
import { startWorld } from '../support/shared-world.js';
import { table } from '../support/tables.js';
import type { World } from '../support/world.js';

const MEGABYTE = 1024 * 1024;
const BLOCKS = 13;
const BLOCK_MEGABYTES = 15;

describe('a file of 200 MB', () => {
  let world: World;
  let client: UploadClient;
  let worker: WorkerProcess;

  beforeAll(async () => {
    world = await startWorld(QUEUED);
    client = await UploadClient.connect({ client: world.client });
    worker = await world.startWorkerProcess();
  });
  afterAll(() => world?.stop());

  const upload = async (path: string) => (await client.start(await requestForFile(path))).result();

  it.runIf(process.platform === 'linux')(
    'is uploaded completely, and increases the memory of the worker by less than 40 MB',
    async () => {
      await upload(await world.write('small.csv', table(MEGABYTE)));
      const before = await peakMemory(worker);
      const receipt = await upload(await writeLargeFile());
      const grownBy = (await peakMemory(worker)) - before;

      expect(receipt.sizeBytes).toBeGreaterThan(200 * MEGABYTE);
      expect(grownBy).toBeLessThan(40 * MEGABYTE);
      const stored = await world.sandbox.storedStream(receipt.fileId ?? '');
      expect(await sha256OfStream(stored)).toBe(receipt.sha256);
    },
  );

  async function writeLargeFile(): Promise<string> {
    const path = join(world.folder, 'large.csv');
    const block = table(BLOCK_MEGABYTES * MEGABYTE);
    const file = await open(path, 'w');
    for (let written = 0; written <= BLOCKS; written++) await file.write(block);
    await file.close();
    return path;
  }
});
