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

/** Options of a chaos run. */
export interface ChaosOptions {
  readonly files: number;
  /** Seed of file sizes, faults and kills. The timing depends on the machine. */
  readonly seed: number;
  /** Maximum duration of faults and kills, in minutes. Default: 15. */
  readonly minutes?: number;
  /** Time to complete after that, in minutes; uploads that need longer are lost. Default: 6, one more than the longest pause. */
  readonly restMinutes?: number;
  /** Probability of a fault on a call. Default: 0.1. */
  readonly chance?: number;
  /** When to kill workers. Default: first after 10 to 25 seconds, without a limit. */
  readonly kills?: KillPlan;
  /** Called regularly with a line about the progress. */
  readonly onProgress?: (line: string) => void;
  /** Aborts the run. */
  readonly signal?: AbortSignal;
}

const MINUTE_MS = 60_000;
const PROGRESS_EVERY_MS = 10_000;
/** Short lifetimes, so that tokens and presigned POSTs expire. A presigned POST is not used in its last 30 seconds. */
const lifetimes = { idTokenSeconds: 30, presignSeconds: 60 };
/** Executions stay in the queue, because computing them is not tested here. */
const QUEUING_MS = 3_600_000;

/**
 * Uploads files with real workers while their calls fail and they are killed, and audits the result.
 *
 * @throws the reason of the signal if aborted
 */
export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const world = await startOwnWorld({
    seed: options.seed,
    stepMs: QUEUING_MS,
    conversionMs: 300,
    ...lifetimes,
  });
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
  const faultsEnd = new AbortController();
  const runEnd = new AbortController();
  const whole = AbortSignal.any([runEnd.signal, ...(interrupted ? [interrupted] : [])]);
  const whileFaults = AbortSignal.any([faultsEnd.signal, whole]);
  setMaxListeners(0, whole); // every pending upload adds a listener

  const startedAt = performance.now();
  addFaults(faults, chance);
  const disruption = Promise.all([
    workers.killRepeatedly(kills, seededRandom(seed + 1), whileFaults),
    expireTokens(faults, seededRandom(seed + 2), whileFaults),
  ]);
  const uploads: Upload[] = [];
  const done = world.client.withAbortSignal(whole, () => upload(client, work, uploads));
  const progress = setInterval(() => onProgress?.(progressLine(uploads, workers)), PROGRESS_EVERY_MS);
  try {
    await Promise.race([done, pause(minutes * MINUTE_MS, whileFaults), disruption.then(() => done)]);
    faultsEnd.abort();
    faults.clear();
    await disruption;
    await Promise.race([done, pause(restMinutes * MINUTE_MS, whole)]);
    interrupted?.throwIfAborted();
    for (const each of uploads) if (!each.receipt) each.failure ??= 'not completed in time';
  } finally {
    runEnd.abort();
    clearInterval(progress);
  }
  const seconds = (performance.now() - startedAt) / 1000;
  const findings = await audit(world, uploads);
  return { ...findings, seed, files, crashes: workers.crashes, kills: workers.kills, seconds };
}

/** Starts a workflow for each file concurrently, and waits for all. */
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

function progressLine(uploads: readonly Upload[], { kills }: Workers): string {
  const count = (field: 'receipt' | 'failure') => uploads.filter((each) => each[field] !== undefined).length;
  return `${uploads.length} started, ${count('receipt')} done, ${count('failure')} failed, ${kills} kills`;
}
