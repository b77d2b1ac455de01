import { join } from 'node:path';
import { UploadClient, type UploadSummary } from '../../../client.js';
import { UploadError } from '../../../contract/errors.js';
import type { Receipt } from '../../../contract/receipt.js';
import { canonicalBytes, sha256OfJson } from '../../../records/canonical.js';
import type { SigningKey } from '../../../records/keys.js';
import { runRecord, writeRecord } from '../../../records/receipt-file.js';
import { receiptPage } from '../../../records/receipt-page.js';
import { configurationFileName, identityOf, recordName } from '../../../records/record-names.js';
import { loadSettings } from '../../../settings/load.js';
import { count } from '../../../util/units.js';
import { idsOf, uploadsOfBatch } from '../../input/find-uploads.js';
import { receiptOf } from '../../input/run-records.js';
import { out } from '../../output/colors.js';
import { BadInputError, ExitCode, formatError, printError } from '../../output/errors.js';
import { problemRecord } from '../../output/records.js';
import { print, printJson, printToStderr } from '../../output/terminal.js';

/** Options of `aplos-upload receipt`. */
export interface ReceiptOptions {
  readonly batch?: string;
  readonly out: string;
  readonly format: 'json' | 'html';
  /** Whether configurations are written in full. Default: only their SHA-256, in the receipt */
  readonly configurations?: true;
  readonly json?: true;
}

/**
 * Writes the receipt of each completed upload that references or options select.
 *
 * @param references ids, file names, paths, or URLs of the Temporal UI
 */
export async function writeReceipts(references: readonly string[], options: ReceiptOptions): Promise<void> {
  const { batch, out: folder } = options;
  if ((batch === undefined) === (references.length === 0))
    throw new BadInputError(['Give the names or ids of uploads, or --batch NAME.']);
  const settings = loadSettings(process.env, 'client');
  const client = await UploadClient.connect({ settings });
  try {
    const uploads =
      batch === undefined ? await uploadsNamed(client, references) : await uploadsOfBatch(client, batch);
    let written = 0;
    for (const upload of uploads)
      if (await writeReceipt(client, upload, options, settings.signingKey)) written++;
    if (options.json) return;
    const key = settings.signingKey;
    printToStderr(
      `${count(written, 'receipt')} in ${folder}, ${options.format === 'html' ? 'for people' : key ? `signed with the key ${key.keyId}` : 'not signed: set APLOS_UPLOAD_SIGNING_KEY_FILE to sign them'}.`,
    );
  } finally {
    await client.close();
  }
}

type Upload = Pick<UploadSummary, 'workflowId'> &
  Partial<Pick<UploadSummary, 'runId' | 'state' | 'fileName'>>;

async function uploadsNamed(client: UploadClient, references: readonly string[]): Promise<Upload[]> {
  const ids = await idsOf(client, references);
  return Promise.all(ids.map(async (workflowId) => (await client.status(workflowId)) ?? { workflowId }));
}

/** Writes one receipt, and prints its file, or why there is none. Returns whether there is one. */
async function writeReceipt(
  client: UploadClient,
  upload: Upload,
  { out: folder, format, configurations, json }: ReceiptOptions,
  key: SigningKey | undefined,
): Promise<boolean> {
  const { workflowId, runId, state, fileName = workflowId } = upload;
  try {
    if (state !== 'done') throw withoutReceipt(workflowId, state);
    const receipt = await receiptOf(client, workflowId, runId);
    const path = join(folder, recordName(identityOf(receipt), format));
    await writeRecord(path, format === 'html' ? receiptPage(receipt) : runRecord(receipt, key));
    if (configurations) await writeConfigurations(client, receipt, folder);
    if (json) printJson({ file: fileName, workflowId, state: 'written', path });
    else print(`${out.green('✓')} ${path}`);
    return true;
  } catch (error) {
    if (!(error instanceof UploadError)) throw error;
    if (json) printJson(problemRecord('failed', fileName, error, workflowId));
    else printError(formatError(error));
    process.exitCode = ExitCode.failed;
    return false;
  }
}

/** Writes each configuration in the canonical form that its SHA-256 in the receipt is about. */
async function writeConfigurations(client: UploadClient, receipt: Receipt, folder: string): Promise<void> {
  const analyses = await client.requestedAnalyses(receipt);
  if (!analyses)
    throw new UploadError('PAYLOAD_UNREADABLE', `Cannot read the request of ${receipt.fileName}`);
  for (const { configuration } of analyses)
    await writeRecord(
      join(folder, configurationFileName(sha256OfJson(configuration))),
      canonicalBytes(configuration),
    );
}

const withoutReceipt = (workflowId: string, state: UploadSummary['state'] | undefined): UploadError =>
  state === undefined
    ? new UploadError('UPLOAD_UNKNOWN', `Temporal has no upload ${workflowId}`)
    : new UploadError('RECEIPT_MISSING', `The upload ${workflowId} is ${state}, so it has no receipt`);
