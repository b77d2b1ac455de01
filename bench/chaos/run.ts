import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import { seededRandom } from '../../sandbox/seeded-random.js';
import { requestForFile, UploadClient } from '../../src/client.js';
import { type OwnWorld, startOwnWorld } from '../../test/support/world.js';
import { audit, type Upload } from './audit.js';
import { addFaults, expireTokens } from './faults.js';
import { pause } from './pause.js';
import type { ChaosResult } from './result.js';
import { executionsOf, makeWork, type WorkFile } from './work.js';
import { type KillPlan, Workers } from './workers.js';

/** How much goes wrong, and for how long. */
export interface ChaosOptions {
  readonly files: number;
  /** Of sizes, faults and kills. Which call they meet is left to the machine. */
  readonly seed: number;
  /** After that nothing goes wrong any more. Default: 15. */
  readonly minutes?: number;
  /** How long it may then take to get done; what is not is lost. Default: 6, a minute more than the longest pause. */
  readonly restMinutes?: number;
  /** The share of calls that is struck. Default: 0.1. */
  readonly chance?: number;
  /** Default: the first after 10 to 25 seconds, without limit. */
  readonly kills?: KillPlan;
  /** Told now and then how it stands. */
  readonly onProgress?: (line: string) => void;
  /** Ends the run before its time. */
  readonly signal?: AbortSignal;
}

const MINUTE_MS = 60_000;
const PROGRESS_EVERY_MS = 10_000;
/** Short lives, so that tokens and forms expire by themselves too. A form is not used in its last 30 seconds. */
const lives = { idTokenSeconds: 30, presignSeconds: 60 };
/** Executions stay in the queue: to compute them is not what is tried here. */
const QUEUING_MS = 3_600_000;

/**
 * Uploads files through real workers while their calls fail and they are killed, and finds out what that came to.
 *
 * @throws the signal's reason when aborted
 */
export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const world = await startOwnWorld({ seed: options.seed, stepMs: QUEUING_MS, conversionMs: 300, ...lives });
  try {
    return await runIn(world, options);
  } finally {
    await world.stop();
  }
}

async function runIn(world: OwnWorld, options: ChaosOptions): Promise<ChaosResult> {
  const { files, seed, minutes = 15, restMinutes = 6, chance = 0.1 } = options;
  const { kills = { pauseSeconds: [10, 25] }, onProgress, signal: interrupted } = options;
  const work = await makeWork(join(world.folder, 'files'), files, seededRandom(seed));
  const client = await UploadClient.connect({ client: world.client });
  const workers = await Workers.start(world);
  const { faults } = world.sandbox;
  const calm = new AbortController();
  const over = new AbortController();
  const whole = AbortSignal.any([over.signal, ...(interrupted ? [interrupted] : [])]);
  const troubled = AbortSignal.any([calm.signal, whole]);
  setMaxListeners(0, whole); // each upload that is waited for listens

  const startedAt = performance.now();
  addFaults(faults, chance);
  const trouble = Promise.all([
    workers.killNowAndThen(kills, seededRandom(seed + 1), troubled),
    expireTokens(faults, seededRandom(seed + 2), troubled),
  ]);
  const uploads: Upload[] = [];
  const done = world.client.withAbortSignal(whole, () => upload(client, work, uploads));
  const progress = setInterval(() => onProgress?.(standing(uploads, workers)), PROGRESS_EVERY_MS);
  try {
    await Promise.race([done, pause(minutes * MINUTE_MS, troubled), trouble.then(() => done)]);
    calm.abort();
    faults.clear();
    await trouble;
    await Promise.race([done, pause(restMinutes * MINUTE_MS, whole)]);
    interrupted?.throwIfAborted();
    for (const each of uploads) if (!each.receipt) each.failure ??= 'not done in time';
  } finally {
    over.abort();
    clearInterval(progress);
  }
  const seconds = (performance.now() - startedAt) / 1000;
  const findings = await audit(world, uploads);
  return { ...findings, seed, files, crashes: workers.crashes, kills: workers.kills, seconds };
}

/** Starts a workflow for each file, side by side, and waits for all. */
async function upload(client: UploadClient, work: readonly WorkFile[], uploads: Upload[]): Promise<void> {
  await Promise.all(
    work.map(async (file) => {
      const request = await requestForFile(file.path, { executions: executionsOf(file), batch: 'chaos' });
      const { workflowId, result } = await client.start(request);
      const each: Upload = { file, workflowId };
      uploads.push(each);
      await result().then(
        (receipt) => {
          each.receipt = receipt;
        },
        (error: unknown) => {
          each.failure ??= String(error);
        },
      );
    }),
  );
}

function standing(uploads: readonly Upload[], { kills }: Workers): string {
  const count = (field: 'receipt' | 'failure') => uploads.filter((each) => each[field] !== undefined).length;
  return `${uploads.length} started, ${count('receipt')} done, ${count('failure')} failed, ${kills} kills`;
}
