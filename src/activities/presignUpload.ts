import { cancellationSignal } from '@temporalio/activity';
import type { FileRequest, Presigned } from '../contract/steps.js';
import { assertAsExpected, openSource } from '../files/source.js';
import type { ActivityDependencies } from './dependencies.js';

/** Looks at the file and asks the service for a place for it. */
export const presignUpload =
  ({ api, uploadRoots }: ActivityDependencies) =>
  async ({ request }: { request: FileRequest }): Promise<Presigned> => {
    const { source, fileName, profile, expect } = request;
    const service = api(profile);
    const file = await openSource(source, fileName, uploadRoots);
    try {
      await assertAsExpected(file, { sizeBytes: expect?.sizeBytes });
      const place = await service.presignUpload(fileName, cancellationSignal());
      return { ...place, sizeBytes: file.sizeBytes };
    } finally {
      await file.close();
    }
  };
