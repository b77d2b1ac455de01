import { cancellationSignal } from '@temporalio/activity';
import type { UploadHeartbeat } from '../contract/receipt.js';
import type { FileRequest, PresignedPost, UploadEvidence } from '../contract/steps.js';
import { assertAsExpected, openSource } from '../files/source.js';
import { postObject } from '../s3/post-object.js';
import { assertOnThisHost } from './assert-on-this-host.js';
import type { ActivityDependencies } from './dependencies.js';
import { whileHeartbeating } from './heartbeats.js';

/** Posts the file to S3, if it still is the one that the sender saw, and tells Temporal how many bytes have gone. */
export const uploadFile =
  ({ dispatcher, host, sources, s3Hosts, idleTimeoutMs }: ActivityDependencies) =>
  async ({
    request,
    presigned,
  }: {
    request: FileRequest;
    presigned: PresignedPost;
  }): Promise<UploadEvidence> => {
    assertOnThisHost(request, host);
    const { source, fileName, expect } = request;
    const signal = cancellationSignal();
    const patience = { signal, idleTimeoutMs };
    let progress: UploadHeartbeat | undefined;
    return whileHeartbeating(
      () => progress,
      async () => {
        const file = await openSource(source, fileName, sources, patience);
        const totalBytes = file.sizeBytes;
        const onProgress = (bytesSent: number) => {
          progress = { bytesSent, totalBytes };
        };
        onProgress(0);
        try {
          // A remote file is read once: its SHA-256 is known, and compared, before its last bytes go out.
          await assertAsExpected(file, file.isOnDisk ? expect : { sizeBytes: expect?.sizeBytes }, patience);
          const evidence = await postObject(presigned, file, {
            fileName,
            idleTimeoutMs,
            dispatcher,
            signal,
            onProgress,
            expectSha256: expect?.sha256,
            hosts: s3Hosts,
          });
          return file.versionId === undefined ? evidence : { ...evidence, sourceVersionId: file.versionId };
        } finally {
          await file.close();
        }
      },
    );
  };
