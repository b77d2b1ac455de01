import { once } from 'node:events';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requestForFile, UploadClient, type UploadHandle } from '../../src/client.js';
import { QUEUED, SHORT_LAG } from '../support/payments.js';
import { startWorld } from '../support/shared-world.js';
import { executionsFor, table } from '../support/tables.js';
import type { World } from '../support/world.js';

const HOOK = new URL('../support/kill-at-record.mjs', import.meta.url).href;

describe('the record of a run', () => {
  let world: World;
  let client: UploadClient;
  let records: string;

  beforeAll(async () => {
    world = await startWorld(QUEUED);
    client = await UploadClient.connect({ client: world.client });
    records = join(world.folder, 'records');
    await mkdir(records);
  });
  afterAll(() => world?.stop());

  async function start(name: string, content: string | Buffer): Promise<UploadHandle> {
    const path = await world.write(name, content);
    return client.start(await requestForFile(path, { executions: executionsFor(['only']) }));
  }

  it('is written once, at whichever moment its worker is killed, and nothing else is left', {
    tags: ['REQ-31'],
  }, async () => {
    const env = { ...SHORT_LAG, APLOS_UPLOAD_RECORDS: records };
    const uploads: UploadHandle[] = [];
    for (const [moment, content] of [
      ['before-write', table(1_000)],
      ['during-write', 'Dear Sir or Madam'],
      ['after-name', table(1_002)],
    ] as const) {
      const { child } = await world.startWorkerProcess({
        ...env,
        NODE_OPTIONS: `--import ${HOOK}`,
        KILL_AT: moment,
      });
      const killed = once(child, 'exit');
      uploads.push(await start(`${moment}.csv`, content));
      expect(await killed).toEqual([null, 'SIGKILL']);
    }
    expect((await readdir(join(records, '.incomplete'))).length).toBeGreaterThan(0);

    await world.startWorker(env);
    await Promise.allSettled(uploads.map((upload) => upload.result()));

    const names = await readdir(records, { recursive: true });
    expect(names.map((name) => name.replace(/[0-9a-f]{12}/, 'run')).sort()).toEqual([
      '.incomplete',
      'after-name.csv.run.receipt.json',
      'before-write.csv.run.receipt.json',
      'during-write.csv.run.ending.json',
    ]);
    const written = names.filter((name) => name.endsWith('.json'));
    const runs = await Promise.all(
      written.map(
        async (name) => (JSON.parse(await readFile(join(records, name), 'utf8')) as { runId: string }).runId,
      ),
    );
    expect(runs.sort()).toEqual(uploads.map(({ runId }) => runId).sort());
  });
});
