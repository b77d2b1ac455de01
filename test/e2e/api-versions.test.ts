import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DIALECTS } from '../../sandbox/v3/dialects.js';

import { originsOf, Payments, SHORT_LAG } from '../support/payments.js';
import { executionsFor } from '../support/tables.js';
import type { RunningWorker } from '../support/warm-worker.js';

describe('a worker whose host switches from version 1 to version 3', () => {
  let payments: Payments;
  let worker: RunningWorker;

  beforeAll(async () => {
    payments = await Payments.open({ api: 'v1' });
    worker = await payments.world.startWorker(SHORT_LAG);
  });
  afterAll(() => payments?.world.stop());

  it('uploads before and after the switch, and starts nothing twice', async () => {
    const path = await payments.file();
    expect(originsOf(await payments.upload(path, ['a']))).toEqual(['started']);
    payments.world.sandbox.change({ api: 'v3' });
    expect(originsOf(await payments.upload(await payments.file(), ['b']))).toEqual(['started']);
    expect(originsOf(await payments.upload(path, ['a', 'c'], { batch: 'later' })).sort()).toEqual([
      'found',
      'started',
    ]);
    expect(payments.charged(path)).toEqual(['a', 'c']);
  });

  it.each(DIALECTS)(
    'pays once in version 3 as in %s, after a lost response and in another batch',
    async (dialect) => {
      const { sandbox } = payments.world;
      sandbox.change({ api: 'v3', dialect });
      const path = await payments.file();
      sandbox.faults.add({ route: 'start', cut: 'after' });
      const receipt = await payments.upload(path, ['a']);
      expect(receipt).toMatchObject({
        fileState: 'ready',
        reportedSizeBytes: receipt.sizeBytes,
        reportedChecksum: 'md5',
      });
      expect(originsOf(receipt)).toEqual(['found']);
      expect(originsOf(await payments.upload(path, ['a'], { batch: dialect }))).toEqual(['found']);
      expect(payments.charged(path)).toEqual(['a']);
    },
  );

  it('finds an execution whose name Aplos has cut, with another worker', async () => {
    const { world, client } = payments;
    const path = await payments.file();
    world.sandbox.change({ api: 'v3', nameExecution: (name) => name?.slice(0, 40) });
    await payments.upload(path, ['a']);
    await worker.stop();
    await world.startWorker(SHORT_LAG);
    const source = pathToFileURL(path).href;
    const upload = await client.start({ source, executions: executionsFor(['a']) });
    expect(originsOf(await upload.result())).toEqual(['found']);
    expect(payments.charged(path)).toEqual(['a']);
  });

  it('shows version, tenant, plan, what is left and whether results may be downloaded in `doctor`', async () => {
    payments.world.sandbox.change({ dialect: 'r', subscription: 'restricted' });
    const { stdout } = await payments.world.run('doctor');
    expect(stdout).toMatch(
      /✓ Subscription of "default": API version 3; tenant [\w-]+; plan professional, restricted; 9,9\d\d of 10,000 executions left; results may not be downloaded/,
    );
  });
});
