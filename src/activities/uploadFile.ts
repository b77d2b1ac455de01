import { activityInfo, cancellationSignal } from '@temporalio/activity';
import type { ExecutionList } from '../aplos/execution-list.js';
import type { UploadHeartbeat } from '../contract/receipt.js';
import type { FileRequest, PresignedPost, UploadEvidence } from '../contract/steps.js';
import { assertSize, openSource } from '../files/source.js';
import { postObject } from '../s3/post-object.js';
import { Rate } from '../util/rate.js';
import { assertOnThisHost } from './assert-on-this-host.js';
import type { ActivityDependencies } from './dependencies.js';
import { heartbeatDuring } from './heartbeats.js';

/** Period over which the rate in a heartbeat is measured, in milliseconds. */
const RATE_PERIOD_MS = 10_000;

/**
 * Posts the file to S3 if it is still the one that the sender saw. Heartbeats the number of bytes sent. If executions
 * follow, reads the list of executions ahead.
 */
export const uploadFile =
  ({ dispatcher, executions, host, sources, s3Targets, idleTimeoutMs }: ActivityDependencies) =>
  async ({
    request,
    presigned,
    runStartedAt,
  }: {
    request: FileRequest;
    presigned: PresignedPost;
    runStartedAt?: string;
  }): Promise<UploadEvidence> => {
    assertOnThisHost(request, host);
    const { source, fileName, expect } = request;
    const signal = cancellationSignal();
    const readOptions = { signal, idleTimeoutMs };
    let progress: UploadHeartbeat | undefined;
    const rate = new Rate(RATE_PERIOD_MS);
    return heartbeatDuring(
      async () => {
        const file = await openSource(source, fileName, sources, readOptions);
        const totalBytes = file.sizeBytes;
        const onProgress = (bytesSent: number) => {
          progress = { bytesSent, totalBytes };
          if (bytesSent === totalBytes && runStartedAt !== undefined)
            readAhead(executions(request.profile), Date.parse(runStartedAt));
        };
        onProgress(0);
        rate.add(0);
        try {
          // The file is read only once: its SHA-256 is compared during the upload, before the last bytes are sent.
          assertSize(file, expect?.sizeBytes);
          const evidence = await postObject(presigned, file, {
            fileName,
            idleTimeoutMs,
            dispatcher,
            signal,
            onProgress,
            expectSha256: expect?.sha256,
            ...s3Targets,
          });
          return file.versionId === undefined ? evidence : { ...evidence, sourceVersionId: file.versionId };
        } finally {
          await file.close();
        }
      },
      () => {
        if (!progress) return undefined;
        rate.add(progress.bytesSent);
        return { ...progress, bytesPerSecond: Math.round(rate.perSecond()) } satisfies UploadHeartbeat;
      },
    );
  };

/**
 * Reads the list of executions, unless it was read since the run was started, while S3 responds and Aplos confirms the upload. A
 * failure means nothing, because a start reads the list if it is missing.
 */
function readAhead(executions: ExecutionList, runStartedMs: number): void {
  const sinceRunMs = activityInfo().currentAttemptScheduledTimestampMs - runStartedMs;
  executions.read(Math.max(1, sinceRunMs)).catch(() => {});
}
