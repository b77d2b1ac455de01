import { CancellationScope, sleep } from '@temporalio/workflow';
import type { KnownFileFacts } from '../contract/ending.js';
import { priorityFor } from '../contract/priority.js';
import type { Receipt, StepRecord } from '../contract/receipt.js';
import type { UploadRequest } from '../contract/request.js';
import { sectionsInAny } from '../contract/sections.js';
import type {
  Confirmation,
  FileRef,
  PresignedPost,
  StepTiming,
  Timed,
  UploadEvidence,
} from '../contract/steps.js';
import {
  confirmAtOnce,
  confirmUpload,
  MAX_REFUSED_POSTS,
  presignUpload,
  summaries,
  uploadFile,
} from './activities.js';
import { needsNewPresignedPost, wasNotSent } from './failures.js';
import { onFileHost } from './host-worker.js';
import { runStartedAt } from './run-started-at.js';
import type { RunVisibility } from './visibility.js';

/** The parts of a receipt that are about the file. */
export type FileFacts = Pick<Receipt, keyof KnownFileFacts>;

/** A file that is stored in Aplos, and what the steps observed that stored or confirmed it. */
export interface StoredFile {
  readonly file: FileRef;
  /** SHA-256 of its bytes, in hex. */
  readonly sha256: string;
  /** What the receipt says about the file. */
  readonly facts: FileFacts;
  readonly steps: readonly StepRecord[];
}

/**
 * Presigns, uploads and confirms, until the file is stored. If a presigned POST has expired or its bytes were damaged, all three
 * steps are repeated, for seven days at most. Only a POST that was sent while it was valid counts as refused.
 *
 * @param onSent called with what is known of the file once S3 has it, before it is confirmed
 */
export async function storeFile(
  { executions, ...request }: UploadRequest,
  visibility: RunVisibility,
  onSent: (facts: KnownFileFacts) => void,
): Promise<StoredFile> {
  const sections = sectionsInAny(executions);
  const began = Date.now();
  for (let presigns = 1, refusedPosts = 0, unsentPosts = 0; ; presigns++) {
    const { file, presigned, sizeBytes, ran: presignTiming } = await presign();
    try {
      visibility.uploading(file, sizeBytes);
      const evidence = await upload(presigned, sizeBytes);
      const sent = factsOf(file, evidence, presigns);
      onSent(sent);
      visibility.confirming();
      const confirmation = await confirm(file, evidence);
      return storedFile({ file, presignTiming, evidence, confirmation, sent });
    } catch (error) {
      if (!needsNewPresignedPost(error) || Date.now() - began >= GIVE_UP_AFTER_MS) throw error;
      if (wasNotSent(error)) await sleep(pauseMs(++unsentPosts), { summary: summaries.nextPresign(request) });
      else if (!hasExpired(presigned) && ++refusedPosts === MAX_REFUSED_POSTS) throw error;
      else unsentPosts = 0;
    }
  }

  function presign() {
    visibility.presigning();
    const summary = summaries.presignUpload(request);
    return onFileHost(request, visibility, (queue) =>
      presignUpload.executeWithOptions({ summary, priority: priorityFor(request).waiting, ...queue }, [
        { request, sections },
      ]),
    );
  }

  function upload(presigned: PresignedPost, sizeBytes: number | undefined) {
    const summary = summaries.uploadFile(request, sizeBytes);
    return onFileHost(request, visibility, (queue) =>
      uploadFile.executeWithOptions({ summary, priority: priorityFor(request).started, ...queue }, [
        { request, presigned, ...(executions.length > 0 ? { runStartedAt: runStartedAt() } : {}) },
      ]),
    );
  }

  /** Confirms the upload within the workflow task. If that fails, a step of its own shows why, retries, and can be replayed. */
  async function confirm(file: FileRef, evidence: UploadEvidence) {
    const summary = summaries.confirmUpload(request);
    const input = { request, file, evidence };
    try {
      return await confirmAtOnce.executeWithOptions({ summary }, [input]);
    } catch (error) {
      if (CancellationScope.current().consideredCancelled) throw error;
    }
    return confirmUpload.executeWithOptions({ summary, priority: priorityFor(request).started }, [input]);
  }
}

/** What the steps observed. */
interface Observed {
  readonly file: FileRef;
  readonly presignTiming: StepTiming;
  readonly evidence: Timed<UploadEvidence>;
  readonly confirmation: Timed<Confirmation>;
  readonly sent: ReturnType<typeof factsOf>;
}

/** Returns what a receipt says of a file that was sent. */
function factsOf(file: FileRef, evidence: UploadEvidence, presigns: number) {
  const { sourceVersionId, sizeBytes, md5, sha256, etag, requestId, status } = evidence;
  return {
    ...(sourceVersionId === undefined ? {} : { sourceVersionId }),
    ...file,
    sizeBytes,
    md5,
    sha256,
    ...(etag === undefined ? {} : { etag }),
    ...(requestId === undefined ? {} : { s3RequestId: requestId }),
    status,
    presigns,
  };
}

function storedFile({ file, presignTiming, evidence, confirmation, sent }: Observed): StoredFile {
  const { ran: confirmed, ...confirmedFacts } = confirmation;
  return {
    file,
    sha256: sent.sha256,
    facts: { ...sent, ...confirmedFacts },
    steps: [
      { step: 'presign', ...presignTiming },
      { step: 'upload', ...evidence.ran },
      { step: 'confirm', ...confirmed },
    ],
  };
}

/** As long as one step may take. */
const GIVE_UP_AFTER_MS = 7 * 24 * 60 * 60_000;
const MAX_PAUSE_MS = 10 * 60_000;

/** Returns the pause before the next presigned POST. It grows, so that an outage of S3 for days fits into one history. */
const pauseMs = (unsentPosts: number): number => Math.min(MAX_PAUSE_MS, 1000 * 2 ** (unsentPosts - 1));

/** Reports whether a presigned POST has expired, for example while its upload waited in a long queue. */
const hasExpired = ({ expiresAt }: PresignedPost) => Date.parse(expiresAt) <= Date.now();
