import { join } from 'node:path';
import pMap from 'p-map';
import { UploadClient, type UploadSummary } from '../../../client.js';
import {
  type BatchReport,
  batchReport,
  type ReportedUpload,
  reportStatement,
} from '../../../records/batch-report.js';
import type { SigningKey } from '../../../records/keys.js';
import {
  hashOfRecord,
  receiptFileName,
  receiptRecord,
  record,
  reportFileName,
  writeRecord,
} from '../../../records/receipt-file.js';
import { reportPage } from '../../../records/report-page.js';
import { loadSettings } from '../../../settings/load.js';
import { count } from '../../../util/units.js';
import { uploadsOfBatch } from '../../input/find-uploads.js';
import { out } from '../../output/colors.js';
import { signatureText } from '../../output/signature-text.js';
import { print, printJson, printToStderr } from '../../output/terminal.js';

/** Options of `aplos-upload report`. */
export interface ReportOptions {
  readonly batch: string;
  readonly out: string;
  readonly json?: true;
}

const CONCURRENCY = 10;

/** Writes the receipts of a batch and their report: as JSON, which lists the SHA-256 of each receipt, and as a page. */
export async function writeReport({ batch, out: folder, json: printsJson }: ReportOptions): Promise<void> {
  const settings = loadSettings(process.env, 'client');
  const client = await UploadClient.connect({ settings });
  try {
    const uploads = await uploadsOfBatch(client, batch);
    const reported = await pMap(uploads, (each) => reportUpload(client, each, folder, settings.signingKey), {
      concurrency: CONCURRENCY,
    });
    const report = batchReport(batch, new Date(), reported.sort(byName));
    const json = join(folder, reportFileName(batch, 'json'));
    const html = join(folder, reportFileName(batch, 'html'));
    await writeRecord(json, record(reportStatement(report), settings.signingKey));
    await writeRecord(html, reportPage(report));
    if (printsJson) printJson(report);
    else printSummary(report, [html, json], settings.signingKey);
  } finally {
    await client.close();
  }
}

/** Writes the receipt of an upload that is done. Returns what the report says of the upload. */
async function reportUpload(
  client: UploadClient,
  { workflowId, runId, state, fileName = workflowId }: UploadSummary,
  folder: string,
  key: SigningKey | undefined,
): Promise<ReportedUpload> {
  const upload = { workflowId, runId, fileName, state };
  if (state !== 'done') {
    const failure = (await client.status(workflowId))?.failure;
    return failure ? { ...upload, failure: { code: failure.code, message: failure.message } } : upload;
  }
  const receipt = await client.result(workflowId, runId);
  const file = receiptFileName(receipt, 'json');
  const bytes = receiptRecord(receipt, key);
  await writeRecord(join(folder, file), bytes);
  return { ...upload, record: { file, sha256: hashOfRecord(bytes), receipt } };
}

const byName = (one: ReportedUpload, other: ReportedUpload): number =>
  one.fileName.localeCompare(other.fileName) || one.workflowId.localeCompare(other.workflowId);

function printSummary({ totals }: BatchReport, paths: readonly string[], key: SigningKey | undefined): void {
  const states = Object.entries(totals.states).map(([state, number]) => `${number} ${state}`);
  print(...paths.map((path) => `${out.green('✓')} ${path}`));
  printToStderr(`${count(totals.uploads, 'upload')}: ${states.join(', ')}. ${signatureText(key)}`);
}
