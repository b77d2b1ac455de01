import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import pLimit from 'p-limit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WorkerProcess } from '../../sandbox/worker-process.js';
import { UploadClient } from '../../src/client.js';
import { startWorld } from '../support/shared-world.js';
import { countingServer, stopServer, urlOf } from '../support/source-server.js';
import { startWithPayloads } from '../support/start-with-payloads.js';
import { table } from '../support/tables.js';
import type { World } from '../support/world.js';

const NONSENSE_STARTS = 500;
const OVERSIZED_KEY_IDS = 300;
const KEY_ID_BYTES = 100_000;

const text = (data: string): Payload => ({
  metadata: { encoding: Buffer.from('json/plain') },
  data: Buffer.from(data),
});

/** Arguments that anybody who may start workflows can send. */
const nonsense: readonly Payload[][] = [
  [],
  [text('{')],
  [text('['.repeat(50_000))],
  [text(`[${'[],'.repeat(20_000)}[]]`)],
  [text('"'.repeat(50_000))],
  [defaultPayloadConverter.toPayload({ source: 'x'.repeat(50_000) })],
  [defaultPayloadConverter.toPayload({ executions: Array(10_000).fill({}) })],
  [{ metadata: { encoding: Buffer.from('x'.repeat(10_000)) }, data: Buffer.alloc(10) }],
  [text('null'), text('null')],
  [text(`{${'"__proto__":{},'.repeat(3_000)}"source":7}`)],
];

describe('a worker with 256 MB of heap and two slots', () => {
  let world: World;
  let client: UploadClient;
  let worker: WorkerProcess;
  let server: Server;
  let drips = 0;

  beforeAll(async () => {
    world = await startWorld();
    client = await UploadClient.connect({ client: world.client });
    ({ server } = countingServer(async (_request, response) => {
      drips++;
      response.writeHead(200, { etag: '"v1"', 'content-length': 5_000_000 });
      while (!response.destroyed) {
        response.write('a');
        await sleep(200);
      }
    }));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    worker = await world.startWorkerProcess({
      NODE_OPTIONS: '--max-old-space-size=256',
      APLOS_UPLOAD_CONCURRENCY: '2',
      APLOS_UPLOAD_IDLE_TIMEOUT: '2',
      APLOS_UPLOAD_SOURCE_HOSTS: '127.0.0.1',
    });
  });
  afterAll(async () => {
    if (server) stopServer(server);
    await world?.stop();
  });

  const upload = async (name: string) => {
    const source = pathToFileURL(await world.write(name, table(2_000))).href;
    return (await client.start({ source })).result();
  };

  const startWith = (payloads: Payload[]) => startWithPayloads(world.rawClient, payloads);

  const startedWithKey = (number: number) =>
    startWith([
      {
        metadata: {
          encoding: Buffer.from('binary/encrypted'),
          'encryption-key-id': Buffer.from(`${number}-`.padEnd(KEY_ID_BYTES, 'k')),
        },
        data: Buffer.alloc(50),
      },
    ]);

  it('uploads other files while two sources send a byte now and then', async () => {
    const dripping = await Promise.all(
      [1, 2].map((number) => client.start({ source: `${urlOf(server)}/drip-${number}.csv` })),
    );
    await expect.poll(() => drips).toBeGreaterThanOrEqual(4); // of each: for its headers, then for its bytes

    expect(await upload('beside-drips.csv')).toMatchObject({ status: 204 });

    for (const { workflowId } of dripping) {
      const { status } = await world.client.workflow.getHandle(workflowId).describe();
      expect(status.name).toBe('RUNNING');
      await client.cancel(workflowId);
    }
  });

  it(`survives ${NONSENSE_STARTS} starts of nonsense and ${OVERSIZED_KEY_IDS} oversized key IDs, and uploads a file next to them`, async () => {
    const few = pLimit(20);
    const hostile = [
      ...Array.from({ length: NONSENSE_STARTS }, (_, number) =>
        few(() => startWith(nonsense[number % nonsense.length] ?? [])),
      ),
      ...Array.from({ length: OVERSIZED_KEY_IDS }, (_, number) => few(() => startedWithKey(number))),
    ];
    await Promise.all(hostile.slice(0, NONSENSE_STARTS / 2));

    expect(await upload('beside-nonsense.csv')).toMatchObject({ status: 204 });
    await Promise.all(hostile);
    expect(await upload('after-nonsense.csv')).toMatchObject({ status: 204 });

    expect(worker.child.exitCode).toBeNull();
    expect(worker.child.signalCode).toBeNull();
    const longest = Math.max(
      ...world
        .log()
        .split('\n')
        .map(({ length }) => length),
    );
    expect(longest).toBeLessThan(20_000);
  });
});
