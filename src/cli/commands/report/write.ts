import { join } from 'node:path';
import { openArchive } from '../../../archive/open-archive.js';
import { UploadClient } from '../../../client.js';
import { s3Access } from '../../../files/s3-source.js';
import { tlsOptions } from '../../../http/dispatcher.js';
import { type BatchReport, batchReport, reportStatement, runsOf } from '../../../records/batch-report.js';
import type { SigningKey } from '../../../records/keys.js';
import { record, runRecord, writeRecord } from '../../../records/receipt-file.js';
import { identityOf, recordName, reportFileName } from '../../../records/record-names.js';
import { reportPage } from '../../../records/report-page.js';
import { loadSettings } from '../../../settings/load.js';
import type { Settings } from '../../../settings/settings.js';
import { count } from '../../../util/units.js';
import { uploadsOfBatch } from '../../input/find-uploads.js';
import { recordsOfBatch } from '../../input/run-records.js';
import { err, out } from '../../output/colors.js';
import { BadInputError, MAX_LINES } from '../../output/errors.js';
import { signatureText } from '../../output/signature-text.js';
import { print, printJson, printToStderr } from '../../output/terminal.js';
import { collectUploads } from './collect.js';

/** Options of `aplos-upload report`. */
export interface ReportOptions {
  readonly batch: string;
  readonly out: string;
  readonly json?: true;
}

/**
 * Writes the report of a batch, as JSON, which lists the SHA-256 of each record, and as a page, and next to it the records: those that
 * workers have written, or else the receipts that Temporal has.
 */
export async function writeReport({ batch, out: folder, json: printsJson }: ReportOptions): Promise<void> {
  const settings = loadSettings(process.env, 'client');
  const { signingKey: key } = settings;
  const client = await UploadClient.connect({ settings });
  try {
    const { uploads, records } = await collect(client, batch, settings);
    for (const { file, bytes } of records) await writeRecord(join(folder, file), bytes);
    const report = batchReport(batch, new Date(), uploads);
    const json = join(folder, reportFileName(batch, 'json'));
    const html = join(folder, reportFileName(batch, 'html'));
    await writeRecord(json, record(reportStatement(report), key));
    await writeRecord(html, reportPage(report));
    if (printsJson) printJson(report);
    else printSummary(report, [html, json], key);
    if (settings.records) warnOfMissing(report, settings.records.text);
  } finally {
    await client.close();
  }
}

async function collect(client: UploadClient, batch: string, { records, extraCa, signingKey }: Settings) {
  const archive = records && openArchive(records, s3Access(tlsOptions(extraCa)));
  const runs = [];
  for await (const run of client.listRuns({ batch })) runs.push(run);
  const written = archive
    ? await recordsOfBatch(archive, batch, new Set(runs.map(({ runId }) => runId)))
    : [];
  const uploads = await uploadsOfBatch(client, batch).catch((error: unknown) => {
    if (written.length > 0 && error instanceof BadInputError) return []; // Temporal no longer has the batch
    throw error;
  });
  return collectUploads({
    client,
    uploads,
    runs,
    records: written,
    createRecord: (receipt) => ({
      file: recordName(identityOf(receipt)),
      bytes: runRecord(receipt, signingKey),
      content: receipt,
    }),
  });
}

function printSummary({ totals }: BatchReport, paths: readonly string[], key: SigningKey | undefined): void {
  const states = Object.entries(totals.states).map(([state, number]) => `${number} ${state}`);
  print(...paths.map((path) => `${out.green('✓')} ${path}`));
  printToStderr(`${count(totals.uploads, 'upload')}: ${states.join(', ')}. ${signatureText(key)}`);
}

/** Names the runs that have ended, and of which no worker has written a record. */
function warnOfMissing({ uploads }: BatchReport, location: string): void {
  const missing = uploads.flatMap((upload) =>
    runsOf(upload)
      .filter(({ state, record }) => state !== 'running' && record?.writtenBy !== 'worker')
      .map(({ runId, state }) => `${upload.fileName}, ${state} (run ${runId})`),
  );
  if (missing.length === 0) return;
  const rest = missing.length - MAX_LINES;
  printToStderr(
    `${err.yellow('!')} ${location} has no record of ${count(missing.length, 'run')}:`,
    ...missing.slice(0, MAX_LINES).map((each) => `  ${each}`),
    ...(rest > 0 ? [`  … and ${count(rest, 'more run')}`] : []),
  );
}
