import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Charge } from '../../sandbox/executions.js';
import { unlessGone } from '../../src/client/runs.js';
import type { Receipt } from '../../src/contract/receipt.js';
import { sha256Of, sha256OfStream } from '../../test/support/hashes.js';
import { bytesOf } from '../../test/support/history.js';
import type { OwnWorld, World } from '../../test/support/world.js';
import type { Upload } from './requests.js';
import type { ChaosResult } from './result.js';
import { secretsIn } from './secrets.js';
import { type Repeat, type WorkFile, workKey } from './work.js';

/** Results that the audit finds after the run. */
export type Findings = Omit<
  ChaosResult,
  'seed' | 'files' | 'crashes' | 'kills' | 'freezes' | 'outageSeconds' | 'seconds'
>;

interface Account {
  readonly values: Pick<
    ChaosResult,
    'executionsExpected' | 'executionsStarted' | 'duplicates' | 'lost' | 'receiptsDifferent'
  >;
  readonly remarks: readonly string[];
}

/** Compares the receipts with the charges, S3, the histories and the logs. */
export async function audit(
  world: OwnWorld,
  work: readonly WorkFile[],
  uploads: readonly Upload[],
  results: string | undefined,
): Promise<Findings> {
  const { values, remarks } = account(world, uploads);
  const damaged = await damagedFiles(world, uploads);
  const packages = await packagesIn(world, uploads, results);
  const { bytes, steps, attempts } = await historiesOf(world, uploads);
  const secrets = await secretsLeft(world, bytes);
  const receipts = runsOf(uploads);
  const failedFiles = new Set(uploads.flatMap(({ file, receipt }) => (receipt ? [] : [file])));
  const repeats = (how: Repeat) => uploads.filter(({ repeat }) => repeat === how).length;
  const { calls } = world.sandbox;
  return {
    ...values,
    filesDone: work.filter((file) => !failedFiles.has(file)).length,
    requests: work.reduce((sum, { repeat }) => sum + (repeat ? 2 : 1), 0),
    requestsDone: receiptsOf(uploads).length,
    bytesDifferent: damaged.length,
    packages: packages.named,
    packagesExpected: results === undefined ? 0 : values.executionsExpected,
    packagesDifferent: packages.remarks.length,
    secretsFound: secrets.reduce((sum, { found }) => sum + found, 0),
    steps,
    attempts,
    presigns: receipts.reduce((sum, { presigns }) => sum + presigns, 0),
    executionsFound: receipts
      .flatMap(({ executions }) => executions)
      .filter(({ origin }) => origin === 'found').length,
    repeats: {
      overlap: repeats('overlap'),
      deleted: repeats('deleted'),
      added: repeats('added'),
      batch: repeats('batch'),
    },
    calls: calls.length,
    callsWithFault: calls.filter(({ fault }) => fault).length,
    remarks: [
      ...uploads.flatMap(({ workflowId, failure }) =>
        failure === undefined ? [] : [`${workflowId}: ${failure}`],
      ),
      ...remarks,
      ...packages.remarks,
      ...damaged.map((fileName) => `${fileName}: the stored bytes differ`),
      ...secrets.filter(({ found }) => found > 0).map(({ source, found }) => `${found} secrets in ${source}`),
    ],
  };
}

/** Checks that each configuration of each file was charged once, and is on a receipt. */
function account({ sandbox }: World, uploads: readonly Upload[]): Account {
  const fileNames = new Map(sandbox.files.map(({ fileId, fileName }) => [fileId, fileName]));
  const expected = unique(
    uploads.flatMap(({ file, labels }) => labels.map((label) => workKey(file.fileName, label))),
  );
  const workOf = ({ fileId, configuration }: Charge) =>
    workKey(fileNames.get(fileId), configuration.analysis);
  const started = sandbox.charges.map(workOf);
  const startsOf = (work: string) =>
    sandbox.charges.filter((charge) => workOf(charge) === work).map(({ at }) => at);
  const trackingIds = sandbox.charges.map(({ trackingId }) => String(trackingId));
  const missing = without(expected, started);
  const receipts = receiptsOf(uploads);
  const fileIds = new Set(receipts.map(({ fileId }) => fileId));
  const charged = sandbox.charges.map(({ fileId, configuration, trackingId, executionId }) =>
    [
      workKey(fileIds.has(fileId) ? fileNames.get(fileId) : fileId, configuration.analysis),
      trackingId,
      executionId,
    ].join(' '),
  );
  const receipted = unique(
    receipts.flatMap(({ fileName, executions }) =>
      executions.map(({ label, trackingId, executionId }) =>
        [workKey(fileName, label), trackingId, executionId].join(' '),
      ),
    ),
  );
  const onOneSide = [...without(charged, receipted), ...without(receipted, charged)];
  return {
    values: {
      executionsExpected: expected.length,
      executionsStarted: started.length,
      duplicates: Math.max(repeated(started).length, repeated(trackingIds).length),
      lost: uploads.filter(({ receipt }) => !receipt).length + missing.length,
      receiptsDifferent: onOneSide.length,
    },
    remarks: [
      ...repeated(started).map((work) => `started again: ${work}, at ${startsOf(work).join(' and ')}`),
      ...missing.map((work) => `not started: ${work}`),
      ...onOneSide.map(
        (execution) => `on a receipt but not charged, or charged but not on a receipt: ${execution}`,
      ),
    ],
  };
}

/** Compares the bytes of each file that a receipt names with those on disk. */
async function damagedFiles({ sandbox }: World, uploads: readonly Upload[]): Promise<string[]> {
  const damaged: string[] = [];
  for (const { file, receipt } of uploads) {
    if (!receipt) continue;
    const sent = await sha256OfStream(createReadStream(file.path));
    const stored = await sandbox.storedStream(receipt.fileId ?? '').then(sha256OfStream, String);
    if (stored !== sent || receipt.sha256 !== sent) damaged.push(file.fileName);
  }
  return damaged;
}

/** Compares each package that a receipt names with what S3 stores, and the folder with the receipts. */
async function packagesIn({ sandbox }: World, uploads: readonly Upload[], folder: string | undefined) {
  const remarks: string[] = [];
  const left = new Set(
    folder === undefined
      ? []
      : (await readdir(folder, { recursive: true, withFileTypes: true }))
          .filter((entry) => !entry.isDirectory())
          .map(({ parentPath, name }) => join(parentPath, name)),
  );
  const fetched = receiptsOf(uploads).flatMap(({ executions }) =>
    executions.flatMap(({ executionId, packages = [] }) =>
      packages.map((each) => ({ executionId, ...each })),
    ),
  );
  for (const { executionId, location, sha256: received } of fetched) {
    const path = fileURLToPath(location);
    const placed = await sha256OfStream(createReadStream(path)).catch(String);
    const stored = sha256Of(await sandbox.storedResults(executionId));
    if (placed !== stored || placed !== received) remarks.push(`${path}: the package differs`);
    if (!left.delete(path)) remarks.push(`${path}: two executions have this package`);
  }
  return {
    named: fetched.length,
    remarks: [...remarks, ...[...left].map((path) => `${path}: nobody asked for this file`)],
  };
}

/** Returns the histories as Temporal stores them, and the number of activities and their attempts. */
async function historiesOf({ rawClient }: World, uploads: readonly Upload[]) {
  const histories: Buffer[] = [];
  let steps = 0;
  let attempts = 0;
  const fileNames = new Map(uploads.map(({ workflowId, file }) => [workflowId, file.fileName]));
  for (const [workflowId, fileName] of fileNames) {
    const history = await unlessGone(rawClient.workflow.getHandle(workflowId).fetchHistory());
    if (!history) continue; // this run asked Temporal to delete it
    for (const { activityTaskStartedEventAttributes: started } of history.events ?? []) {
      if (!started) continue;
      steps++;
      attempts += started.attempt ?? 1;
    }
    histories.push(searchable(bytesOf(history), fileName));
  }
  return { bytes: Buffer.concat(histories), steps, attempts };
}

/** Counts the secrets in logs, histories and database, where there must be none. */
async function secretsLeft(world: OwnWorld, histories: Buffer) {
  const sources = {
    "the workers' logs": searchable(Buffer.from(world.log()), 'uploadAnalysisFile'),
    'the histories': histories,
    "Temporal's database": searchable(await world.readDatabase(), 'uploadAnalysisFile'),
  };
  return Object.entries(sources).map(([source, bytes]) => ({
    source,
    found: secretsIn(bytes, world.sandbox.secrets).size,
  }));
}

/** Throws unless a known string is found, to prove that the search works. */
function searchable(bytes: Buffer, control: string): Buffer {
  if (!bytes.includes(control)) throw new Error(`The search does not work: it did not find "${control}"`);
  return bytes;
}

const receiptsOf = (uploads: readonly Upload[]): Receipt[] => uploads.flatMap(({ receipt }) => receipt ?? []);

/** Returns the receipt of each run. Requests for the same work share a run. */
const runsOf = (uploads: readonly Upload[]): Receipt[] => [
  ...new Map(receiptsOf(uploads).map((receipt) => [receipt.runId, receipt])).values(),
];

function without(these: readonly string[], those: readonly string[]): string[] {
  const known = new Set(those);
  return these.filter((each) => !known.has(each));
}

const unique = (all: readonly string[]): string[] => [...new Set(all)];

const repeated = (all: readonly string[]): string[] => all.filter((each, index) => all.indexOf(each) < index);
