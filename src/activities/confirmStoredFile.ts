import { cancellationSignal } from '@temporalio/activity';
import type { AplosApi, FileState } from '../aplos/api.js';
import { verifyReported } from '../aplos/reported-file.js';
import { UploadError } from '../contract/errors.js';
import type { Section } from '../contract/sections.js';
import { storedFileId } from '../contract/source.js';
import type { FileRequest, StoredFileConfirmation } from '../contract/steps.js';
import type { StoredFileRecord } from '../temporal/stored-files.js';
import { assertResultsAllowed } from './assert-results-allowed.js';
import { assertUsable } from './confirmUpload.js';
import type { ActivityDependencies } from './dependencies.js';
import { callMayNotExist } from './file-state.js';

type Dependencies = Pick<ActivityDependencies, 'api' | 'host' | 'readStoredFile' | 'results'>;

/**
 * Checks that Aplos has the file of an `aplos:` source, that it can read it, and that its bytes are those of the request. The request
 * is no proof of that: an execution of other bytes would later be found as that of these.
 */
export const confirmStoredFile =
  ({ api: apiOf, readStoredFile, host, results }: Dependencies) =>
  async ({
    request,
    sections,
  }: {
    request: FileRequest;
    sections: readonly Section[];
  }): Promise<StoredFileConfirmation> => {
    const { profile, fileName, source, storedBy, expect } = request;
    const fileId = storedFileId(source) ?? '';
    assertResultsAllowed(request, { host, results });
    const api = apiOf(profile);
    await api.assertTakes(sections);
    const state = await stateOf(api, fileName, fileId);
    assertUsable(fileName, { fileId }, state);
    const read = storedBy && (await readStoredFile(storedBy));
    const record = read && isThatFile(read, request, fileId) ? read : undefined;
    const sha256 = expect?.sha256 ?? '';
    const known = { sha256, sizeBytes: record?.sizeBytes ?? expect?.sizeBytes, md5: record?.md5 };
    const reported = state ? compare(fileName, state, known) : {};
    const isProven = record !== undefined || reported.reportedChecksum === 'sha256';
    if (!isProven) throw unverified(fileName, fileId);
    const sizeBytes = record?.sizeBytes ?? reported.reportedSizeBytes;
    return {
      file: { ...record?.file, fileId },
      apiVersion: await api.version(),
      fileState: state?.state ?? 'unknown',
      ...(sizeBytes === undefined ? {} : { sizeBytes }),
      ...(record?.md5 === undefined ? {} : { md5: record.md5 }),
      sha256,
      contentProof: record ? 'run' : 'checksum',
      ...(record ? { storedBy: record.run } : {}),
      ...reported,
    };
  };

/** Returns the state of the file; `undefined` if Aplos does not offer the call, which is not documented in version 1. */
async function stateOf(api: AplosApi, fileName: string, fileId: string): Promise<FileState | undefined> {
  try {
    return await api.fileState(fileId, cancellationSignal());
  } catch (error) {
    if (!callMayNotExist(error)) throw error;
    if (error.code !== 'API_DELETED' && (await api.version()) === 'v1') return undefined;
    throw new UploadError('FILE_NOT_STORED', `Aplos has no file ${fileId} (${fileName})`, { cause: error });
  }
}

const isThatFile = (
  record: StoredFileRecord,
  { profile, fileName, expect }: FileRequest,
  fileId: string,
): boolean =>
  record.profile === profile &&
  record.fileName === fileName &&
  record.sha256 === expect?.sha256 &&
  record.file.fileId === fileId;

/** Compares what Aplos reports with what is known. A difference cannot be fixed by another upload in this run. */
function compare(...facts: Parameters<typeof verifyReported>): ReturnType<typeof verifyReported> {
  try {
    return verifyReported(...facts);
  } catch (error) {
    if (!(error instanceof UploadError) || error.code !== 'UPLOAD_CORRUPTED') throw error;
    throw new UploadError('FILE_NOT_AS_EXPECTED', error.happened.replace(/(were|was) sent$/, 'expected'), {
      details: error.details,
      action: 'Upload the file.',
    });
  }
}

const unverified = (fileName: string, fileId: string) =>
  new UploadError(
    'FILE_UNVERIFIED',
    `It is not known which bytes file ${fileId} at Aplos has, so it may be another than the expected ${fileName}: Aplos reports no SHA-256, and Temporal has no run that uploaded it`,
  );
