import { setMaxListeners } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { seededRandom } from '../../sandbox/seeded-random.js';
import type { DialectName } from '../../sandbox/v3/dialects.js';
import { UploadClient } from '../../src/client.js';
import { type OwnWorld, startOwnWorld } from '../../test/support/world.js';
import { audit } from './audit.js';
import { addFaults, expireTokens } from './faults.js';
import { type OutagePlan, stopS3 } from './outage.js';
import { pause } from './pause.js';
import { type Upload, upload } from './requests.js';
import type { ChaosResult } from './result.js';
import { makeWork } from './work.js';
import { type DisruptionPlan, type FreezePlan, Workers } from './workers.js';

/** Options of a chaos run. */
export interface ChaosOptions {
  readonly files: number;
  /** Seed of file sizes, faults and kills. The timing depends on the machine. */
  readonly seed: number;
  /** Version of the API. Default: `v1`. */
  readonly api?: 'v1' | 'v3';
  /** Source that version 3 follows. Default: `r`. */
  readonly dialect?: DialectName;
  /** True asks for each file once, with all configurations, and fetches the results. Default: `false`. */
  readonly results?: boolean;
  /** Maximum duration of faults and kills, in minutes. Those with a number take place even if that takes longer. Default: 10. */
  readonly minutes?: number;
  /** Time to complete after that, in minutes; uploads that need longer are lost. Default: 6, one more than the longest pause. */
  readonly restMinutes?: number;
  /** Probability of a fault on a call. Default: 0.1. */
  readonly chance?: number;
  /** When to kill workers. Default: first after 10 to 25 seconds, without a limit. */
  readonly kills?: DisruptionPlan;
  /** When to suspend workers. Default: first after 15 to 30 seconds, for 5 to 60 seconds, without a limit. */
  readonly freezes?: FreezePlan;
  /** When S3 is away. Default: after 20 seconds, for two minutes. */
  readonly outage?: OutagePlan;
  /** How long an execution may be missing from the list, and what the workers expect, in seconds. Default: 30, and 45. */
  readonly listLag?: { readonly seconds: number; readonly expectedSeconds: number };
  /** Called regularly with a line about the progress. */
  readonly onProgress?: (line: string) => void;
  /** Aborts the run. */
  readonly signal?: AbortSignal;
}

const MINUTE_MS = 60_000;
const PROGRESS_EVERY_MS = 10_000;
/** Short lifetimes, so that tokens and presigned POSTs expire. */
const lifetimes = { idTokenSeconds: 30, presignSeconds: 35 };
/** Executions stay in the queue if their results are not fetched. */
const QUEUING_MS = 3_600_000;
/** Duration of each phase of an execution whose results are fetched. */
const PHASE_MS = 3_000;

/**
 * Uploads files with real workers while their calls fail and they are killed and suspended, and audits the result.
 *
 * @throws the reason of the signal if aborted
 */
export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const world = await startOwnWorld(
    {
      seed: options.seed,
      api: options.api ?? 'v1',
      dialect: options.dialect ?? 'r',
      stepMs: options.results ? PHASE_MS : QUEUING_MS,
      conversionMs: 300,
      ...lifetimes,
    },
    { deletesQuickly: true },
  );
  try {
    return await runIn(world, options);
  } finally {
    await world.stop();
  }
}

async function runIn(world: OwnWorld, options: ChaosOptions): Promise<ChaosResult> {
  const { files, seed, minutes = 10, restMinutes = 6, chance = 0.1 } = options;
  const { kills = { pauseSeconds: [10, 25] }, onProgress, signal: interrupted } = options;
  const { freezes = { pauseSeconds: [15, 30], forSeconds: [5, 60] } } = options;
  const { outage = { afterSeconds: 20, forSeconds: 120 } } = options;
  const { listLag = { seconds: 30, expectedSeconds: 45 } } = options;
  const results = options.results ? join(world.folder, 'results') : undefined;
  if (results !== undefined) await mkdir(results);
  const work = await makeWork(join(world.folder, 'files'), files, seededRandom(seed), results !== undefined);
  const client = await UploadClient.connect({ client: world.client });
  const workers = await Workers.start(world, {
    APLOS_UPLOAD_LIST_LAG: `${listLag.expectedSeconds}`,
    ...(results === undefined ? {} : { APLOS_UPLOAD_RESULTS_ROOTS: results }),
  });
  const { faults } = world.sandbox;
  const faultsEnd = new AbortController();
  const runEnd = new AbortController();
  const whole = AbortSignal.any([runEnd.signal, ...(interrupted ? [interrupted] : [])]);
  const whileFaults = AbortSignal.any([faultsEnd.signal, whole]);
  setMaxListeners(0, whole); // every pending upload adds a listener

  const startedAt = performance.now();
  addFaults(faults, chance, listLag.seconds * 1000);
  const s3Outage = stopS3(world.s3, outage, whileFaults);
  const killing = workers.killRepeatedly(kills, seededRandom(seed + 1), whileFaults);
  const freezing = workers.freezeRepeatedly(freezes, seededRandom(seed + 3), whileFaults);
  const disruption = Promise.all([
    killing,
    expireTokens(faults, seededRandom(seed + 2), whileFaults),
    freezing,
    s3Outage,
  ]);
  const planned = Promise.all([
    ...(kills.atMost === undefined ? [] : [killing]),
    ...(freezes.atMost === undefined ? [] : [freezing]),
  ]);
  const uploads: Upload[] = [];
  const done = world.client.withAbortSignal(whole, () =>
    upload(world, client, { work, results, listLagMs: listLag.seconds * 1000 }, uploads),
  );
  const progress = setInterval(() => onProgress?.(progressLine(uploads, workers)), PROGRESS_EVERY_MS);
  try {
    await Promise.race([done, pause(minutes * MINUTE_MS, whileFaults), disruption.then(() => done)]);
    await planned;
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
  const findings = await audit(world, work, uploads, results);
  const { crashes, kills: killed, freezes: frozen } = workers;
  const outageSeconds = await s3Outage;
  return { ...findings, seed, files, crashes, kills: killed, freezes: frozen, outageSeconds, seconds };
}

function progressLine(uploads: readonly Upload[], { kills, freezes }: Workers): string {
  const count = (field: 'receipt' | 'failure') => uploads.filter((each) => each[field] !== undefined).length;
  return `${uploads.length} requests, ${count('receipt')} done, ${count('failure')} failed, ${kills} kills, ${freezes} freezes`;
}
