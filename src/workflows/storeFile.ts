import { priorityFor } from '../contract/priority.js';
import type { UploadRequest } from '../contract/request.js';
import type {
  Confirmation,
  FileRef,
  PresignedPost,
  StepTiming,
  Timed,
  UploadEvidence,
} from '../contract/steps.js';
import { confirmUpload, MAX_REFUSED_POSTS, presignUpload, summaries, uploadFile } from './activities.js';
import { needsNewPresignedPost } from './failures.js';
import { onFileHost } from './host-worker.js';
import type { RunVisibility } from './visibility.js';

/** A file that is stored in Aplos, and what each step observed. */
export interface StoredFile {
  readonly file: FileRef;
  readonly presignTiming: StepTiming;
  readonly evidence: Timed<UploadEvidence>;
  readonly confirmation: Timed<Confirmation>;
  /** How many presigned POSTs were requested. */
  readonly presigns: number;
}

/**
 * Presigns, uploads and confirms, until the file is stored. If a presigned POST has expired or its bytes were damaged, all three
 * steps are repeated.
 */
export async function storeFile(
  { executions: _, ...request }: UploadRequest,
  visibility: RunVisibility,
): Promise<StoredFile> {
  for (let presigns = 1, refusedPosts = 0; ; presigns++) {
    const { file, presigned, sizeBytes, ran: presignTiming } = await presign();
    try {
      visibility.uploading(file, sizeBytes);
      const evidence = await upload(presigned, sizeBytes);
      visibility.confirming();
      const confirmation = await confirm(file, evidence);
      return { file, presignTiming, evidence, confirmation, presigns };
    } catch (error) {
      if (!needsNewPresignedPost(error)) throw error;
      if (!hasExpired(presigned) && ++refusedPosts === MAX_REFUSED_POSTS) throw error;
    }
  }

  function presign() {
    visibility.presigning();
    const summary = summaries.presignUpload(request);
    return onFileHost(request, visibility, (queue) =>
      presignUpload.executeWithOptions({ summary, priority: priorityFor(request).waiting, ...queue }, [
        { request },
      ]),
    );
  }

  function upload(presigned: PresignedPost, sizeBytes: number | undefined) {
    const summary = summaries.uploadFile(request, sizeBytes);
    return onFileHost(request, visibility, (queue) =>
      uploadFile.executeWithOptions({ summary, priority: priorityFor(request).started, ...queue }, [
        { request, presigned },
      ]),
    );
  }

  function confirm(file: FileRef, evidence: UploadEvidence) {
    const summary = summaries.confirmUpload(request);
    return confirmUpload.executeWithOptions({ summary, priority: priorityFor(request).started }, [
      { request, file, evidence },
    ]);
  }
}

/** Reports whether a presigned POST has expired, for example while its upload waited in a long queue. */
const hasExpired = ({ expiresAt }: PresignedPost) => Date.parse(expiresAt) <= Date.now();
