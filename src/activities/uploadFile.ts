import { cancellationSignal } from '@temporalio/activity';
import type { UploadHeartbeat } from '../contract/receipt.js';
import type { FileRequest, PresignedPost, UploadEvidence } from '../contract/steps.js';
import { assertAsExpected, openSource } from '../files/source.js';
import { postObject } from '../s3/post-object.js';
import type { ActivityDependencies } from './dependencies.js';
import { whileHeartbeating } from './heartbeats.js';

/** Posts the file to S3, if it still is the one that the sender saw, and tells Temporal how many bytes have gone. */
export const uploadFile =
  ({ dispatcher, uploadRoots, idleTimeoutMs }: ActivityDependencies) =>
  async ({
    request,
    presigned,
  }: {
    request: FileRequest;
    presigned: PresignedPost;
  }): Promise<UploadEvidence> => {
    const { source, fileName, expect } = request;
    const signal = cancellationSignal();
    const file = await openSource(source, fileName, uploadRoots);
    const totalBytes = file.sizeBytes;
    let bytesSent = 0;
    const onProgress = (bytes: number) => {
      bytesSent = bytes;
    };
    try {
      return await whileHeartbeating(
        (): UploadHeartbeat => ({ bytesSent, totalBytes }),
        async () => {
          await assertAsExpected(file, expect, { signal, idleTimeoutMs });
          const options = {
            fileName,
            idleTimeoutMs,
            dispatcher,
            signal,
            onProgress,
            expectSha256: expect?.sha256,
          };
          return postObject(presigned, file, options);
        },
      );
    } finally {
      await file.close();
    }
  };
