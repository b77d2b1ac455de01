import { cancellationSignal } from '@temporalio/activity';
import type { FileState } from '../aplos/api.js';
import { verifyReported } from '../aplos/reported-file.js';
import { UploadError } from '../contract/errors.js';
import type { Confirmation, FileRef, FileRequest, UploadEvidence } from '../contract/steps.js';
import { verifyEtag } from '../s3/etag.js';
import { shortenText } from '../util/shorten-text.js';
import type { ActivityDependencies } from './dependencies.js';
import { ageMs } from './failures.js';
import { fileStateIfOffered } from './file-state.js';

/** Verifies an upload: status 204, an ETag that matches the bytes sent, and a file that Aplos can read and reports as it was sent. */
export const confirmUpload =
  ({ api }: ActivityDependencies) =>
  async ({
    request,
    file,
    evidence,
  }: {
    request: FileRequest;
    file: FileRef;
    evidence: UploadEvidence;
  }): Promise<Confirmation> => {
    const { fileName, profile } = request;
    assert204(fileName, evidence);
    const etagIsMd5 = verifyEtag(fileName, evidence);
    const state = await fileStateIfOffered(api(profile), file, cancellationSignal());
    assertUsable(fileName, file, state);
    const reported = state ? verifyReported(fileName, state, evidence) : {};
    return { fileState: state?.state ?? 'unknown', etagIsMd5, ...reported };
  };

/**
 * Checks that executions of a file may be started.
 *
 * @param state state of the file; `undefined` if Aplos does not report it
 * @throws UploadError `FILE_INVALID` or `FILE_NOT_READY`
 */
export function assertUsable(fileName: string, file: FileRef, state: FileState | undefined): void {
  if (state?.readiness === 'invalid') {
    const why = state.errors.length > 0 ? ` (${shortenText(state.errors.join('; '))})` : '';
    throw new UploadError('FILE_INVALID', `Aplos NCA cannot read ${fileName} as a table${why}`);
  }
  if (state?.readiness === 'pending' || (state?.readiness === 'unnoticed' && !isOverdue()))
    throw notReady(fileName, file, state.state);
}

/** The vendor does not document the states. If Aplos does not notice an upload, the executions are started nevertheless. */
const UNNOTICED_FOR_MS = 15 * 60_000;

/** Reports whether Aplos should have noticed the upload by now. */
const isOverdue = (): boolean => ageMs() >= UNNOTICED_FOR_MS;

const notReady = (fileName: string, { fileId }: FileRef, state: string) =>
  new UploadError(
    'FILE_NOT_READY',
    `${fileName} is stored, but Aplos reports the state "${shortenText(state)}" for file ${fileId}`,
  );

function assert204(fileName: string, { status }: UploadEvidence): void {
  if (status === 204) return;
  throw new UploadError(
    'UPLOAD_NOT_204',
    `S3 responded to the upload of ${fileName} with status ${status} instead of 204`,
    { details: { status } },
  );
}
