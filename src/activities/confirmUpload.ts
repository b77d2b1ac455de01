import { activityInfo, cancellationSignal } from '@temporalio/activity';
import type { FileState } from '../aplos/api.js';
import { verifyReported } from '../aplos/reported-file.js';
import { type ErrorCode, UploadError } from '../contract/errors.js';
import type { Confirmation, FileRef, FileRequest, UploadEvidence } from '../contract/steps.js';
import { verifyEtag } from '../s3/etag.js';
import { elapsedMs, type Moment, now } from '../util/clock.js';
import { shortenText } from '../util/shorten-text.js';
import type { ActivityDependencies } from './dependencies.js';
import { fileStateIfOffered } from './file-state.js';
import { ageMs } from './step-age.js';

/** Input of {@link confirmUpload}. */
interface SentFile {
  readonly request: FileRequest;
  readonly file: FileRef;
  readonly evidence: UploadEvidence;
}

/**
 * Verifies an upload: status 204, an ETag that matches the bytes sent, and a file that Aplos can read and reports as it was sent.
 *
 * As a local activity it occupies a workflow task, and a worker runs few of them at a time. If Aplos does not confirm an upload of a
 * profile at once, the local activity therefore fails without a call for a while, and the workflow uses the regular activity.
 */
export function confirmUpload(dependencies: ActivityDependencies) {
  const confirm = verifyUpload(dependencies);
  const failures = new Map<string, { readonly code: ErrorCode; readonly at: Moment }>();
  return async (sent: SentFile): Promise<Confirmation> => {
    if (!activityInfo().isLocal) return confirm(sent);
    const { profile, fileName } = sent.request;
    const failure = failures.get(profile);
    if (failure && elapsedMs(failure.at) < LOCAL_PAUSE_MS)
      throw new UploadError(
        failure.code,
        `${fileName} is not checked yet, as Aplos did not confirm another upload at once`,
      );
    try {
      return await confirm(sent);
    } catch (error) {
      const code = codeToRetry(error);
      if (code) failures.set(profile, { code, at: now() });
      throw error;
    }
  };
}

/** Returns the code of an error that says nothing about the file; `undefined` if it is about the file. */
function codeToRetry(error: unknown): ErrorCode | undefined {
  if (!(error instanceof UploadError)) return 'FILE_NOT_READY'; // the time of the local activity is over
  return error.remedy === 'final' || error.remedy === 'presign-again' ? undefined : error.code;
}

/** Pause of the local activity after it failed for a profile, in milliseconds. */
const LOCAL_PAUSE_MS = 30_000;

const verifyUpload =
  ({ api }: ActivityDependencies) =>
  async ({ request, file, evidence }: SentFile): Promise<Confirmation> => {
    const { fileName, profile } = request;
    assert204(fileName, evidence);
    const etagIsMd5 = verifyEtag(fileName, evidence);
    const state = await fileStateIfOffered(api(profile), file, cancellationSignal());
    assertUsable(fileName, file, state);
    const reported = state ? verifyReported(fileName, state, evidence) : {};
    const apiVersion = await api(profile).version();
    return { apiVersion, fileState: state?.state ?? 'unknown', etagIsMd5, ...reported };
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
