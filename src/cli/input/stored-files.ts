import { stat } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import pMap from 'p-map';
import { requestForFile, type StoredFile, type UploadClient, type UploadSummary } from '../../client.js';
import { errorTable, isErrorCode, UploadError } from '../../contract/errors.js';
import { isGlob } from '../../files/data-files.js';
import { quote } from '../../util/quote.js';
import { BadInputError, formatErrorFor } from '../output/errors.js';
import { problemRecord } from '../output/records.js';
import { filesFrom } from './files.js';
import { findUploads } from './find-uploads.js';
import { readReceipts, type StoredReceipt } from './receipts.js';

/** A stored file, and what named it. */
export interface NamedFile {
  /** Path, name or ID, for messages. */
  readonly location: string;
  readonly stored: StoredFile;
}

/** What selects files, in addition to references. */
export interface StoredFileOptions {
  readonly fileId?: readonly string[];
  readonly sha256?: string;
  /** Aplos account. Default: for a path, `default`; otherwise that of the upload */
  readonly profile?: string;
}

const CONCURRENCY = 10;

/**
 * Finds the files that references and options name, each once. A path that exists is found by the name and the content of its file;
 * a receipt and an ID by what they say; any other text as a file name, or the end of a path, that uploads have.
 *
 * @throws BadInputError with every problem, so that a command starts all analyses or none
 */
export async function storedFiles(
  client: UploadClient,
  references: readonly string[],
  options: StoredFileOptions,
): Promise<NamedFile[]> {
  const { fileId: fileIds = [] } = options;
  const lookups =
    fileIds.length > 0
      ? fileIds.map((fileId) => ({ name: fileId, find: () => byFileId(client, fileId, references, options) }))
      : (await expand(references)).map((name) => ({ name, find: () => byReference(client, name, options) }));
  const problems: { name: string; error: UploadError }[] = [];
  const found = await pMap(
    lookups,
    async ({ name, find }) => {
      try {
        return await find();
      } catch (error) {
        if (!(error instanceof UploadError)) throw error;
        problems.push({ name, error });
        return [];
      }
    },
    { concurrency: CONCURRENCY },
  );
  if (problems.length > 0)
    throw new BadInputError(
      problems.map(({ name, error }) => formatErrorFor(name, error)),
      'Nothing was started.',
      problems.map(({ name, error }) => problemRecord('not-started', name, error)),
    );
  const byIdentity = new Map(
    found.flat().map((each) => [JSON.stringify([each.stored.profile, each.stored.fileId]), each]),
  );
  return [...byIdentity.values()];
}

/** Replaces folders and globs by the data files in them. */
async function expand(references: readonly string[]): Promise<string[]> {
  const expanded = await pMap(references, async (reference) => {
    const status = await stat(reference).catch(() => undefined);
    const isPattern = status === undefined && isGlob(reference) && !reference.includes(':');
    return status?.isDirectory() || isPattern ? filesFrom([reference]) : [reference];
  });
  return expanded.flat();
}

async function byReference(
  client: UploadClient,
  reference: string,
  options: StoredFileOptions,
): Promise<NamedFile[]> {
  const isHere = (await stat(reference).catch(() => undefined))?.isFile() === true;
  if (!isHere) return byUpload(client, reference);
  if (RECEIPTS.includes(extname(reference).toLowerCase()))
    return pMap(await readReceipts(reference), (receipt) => ofReceipt(client, receipt), { concurrency: 1 });
  return [await byContent(client, reference, options)];
}

const RECEIPTS = ['.json', '.jsonl', '.ndjson'];

async function byContent(
  client: UploadClient,
  path: string,
  { profile = 'default' }: StoredFileOptions,
): Promise<NamedFile> {
  const fileName = basename(path);
  const sha256 = (await requestForFile(path)).expect?.sha256 ?? '';
  const stored = await client.findStoredFile({ fileName, sha256, profile });
  if (!stored)
    throw new UploadError(
      'FILE_NOT_STORED',
      `No upload of ${quote(path)} with its present content is known for the profile ${quote(profile)}`,
    );
  return { location: path, stored: await asCorrection(client, stored) };
}

async function byUpload(client: UploadClient, reference: string): Promise<NamedFile[]> {
  const [found] = await findUploads(client, [reference]);
  const isId = found?.uploads.length === 0;
  const uploads = isId ? await uploadsWithId(client, found.ids) : (found?.uploads ?? []);
  const files: NamedFile[] = [];
  for (const upload of uploads) {
    const stored = await client.findStoredFile(upload);
    if (!stored) continue;
    const location = isId ? stored.fileName : reference;
    files.push({ location, stored: corrected(stored, upload, isId) });
    if (isId) return files;
  }
  const [latest] = files;
  if (!latest) throw notStored(reference, uploads);
  const others = files.filter(({ stored }) => stored.sha256 !== latest.stored.sha256);
  if (others.length > 0)
    throw new UploadError(
      'REQUEST_INVALID',
      `Uploads of ${quote(reference)} with different content are known: ${[latest, ...others].map(({ stored }) => stored.storedBy?.workflowId).join(', ')}`,
      { action: 'Name one of them by its workflow ID, or the path of the file.' },
    );
  return [latest];
}

async function uploadsWithId(client: UploadClient, ids: readonly string[]): Promise<UploadSummary[]> {
  const statuses = await Promise.all(ids.map((id) => client.status(id)));
  return statuses.filter((status) => status !== undefined);
}

function notStored(reference: string, uploads: readonly UploadSummary[]): UploadError {
  const [upload] = uploads;
  return new UploadError(
    'FILE_NOT_STORED',
    upload
      ? `The upload ${upload.workflowId} (${upload.state}) has not stored its file at Aplos, or Aplos gave the file no ID`
      : `${quote(reference)} is neither a file here nor an upload that Temporal knows`,
  );
}

async function byFileId(
  client: UploadClient,
  fileId: string,
  references: readonly string[],
  { sha256, profile, fileId: all = [] }: StoredFileOptions,
): Promise<NamedFile[]> {
  const known = await client.findStoredFile({ fileId, profile });
  if (known) return [{ location: known.fileName, stored: await asCorrection(client, known) }];
  const [path, ...others] = references;
  if (path === undefined || others.length > 0 || all.length > 1)
    throw new UploadError('FILE_NOT_STORED', `Temporal has no upload that stored the file ${fileId}`, {
      action:
        'Name the file in the same command: its path, or its name at Aplos with --sha256. Otherwise, upload it again.',
    });
  const isHere = (await stat(path).catch(() => undefined))?.isFile() === true;
  const expected = isHere ? (await requestForFile(path)).expect : sha256 && { sha256 };
  if (!expected)
    throw new UploadError('FILE_NOT_FOUND', `${quote(path)} is not a file here, and no --sha256 is given`, {
      action: 'Correct the path, or add --sha256.',
    });
  if (sha256 !== undefined && expected.sha256 !== sha256)
    throw new UploadError(
      'FILE_NOT_AS_EXPECTED',
      `${path} has the SHA-256 ${expected.sha256}, but ${sha256} is expected`,
    );
  const stored = {
    profile: profile ?? 'default',
    fileName: basename(path),
    fileId,
    sha256: expected.sha256 ?? '',
    ...('sizeBytes' in expected ? { sizeBytes: expected.sizeBytes } : {}),
  };
  return [{ location: path, stored }];
}

/** Returns the file of a receipt. Its run proves the content, as long as Temporal has it. */
async function ofReceipt(client: UploadClient, receipt: StoredReceipt): Promise<NamedFile> {
  const { fileName, fileId, storedBy } = receipt;
  if (fileId === undefined)
    throw new UploadError('FILE_NOT_STORED', `The receipt of ${fileName} has no file ID`);
  return { location: fileName, stored: await asCorrection(client, { ...receipt, fileId, storedBy }) };
}

/** Returns a stored file as the correction of the run that stored it, if Aplos refused the configuration of that run. */
async function asCorrection(client: UploadClient, stored: StoredFile): Promise<StoredFile> {
  const upload = stored.storedBy && (await client.status(stored.storedBy.workflowId));
  return upload?.runId === stored.storedBy?.runId && upload ? corrected(stored, upload, false) : stored;
}

/** @param isNamed whether the user named the run itself, not only its file */
function corrected(stored: StoredFile, upload: UploadSummary, isNamed: boolean): StoredFile {
  const { state, errorCode, workflowId, runId } = upload;
  const wasRefused = isErrorCode(errorCode) && errorTable[errorCode].afterFix === 'analyze';
  return state === 'failed' && (isNamed || wasRefused)
    ? { ...stored, correctionOf: { workflowId, runId } }
    : stored;
}
