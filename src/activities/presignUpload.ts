import { cancellationSignal } from '@temporalio/activity';
import type { FileRequest, Presigned } from '../contract/steps.js';
import { lookAtSource } from '../files/source.js';
import type { ActivityDependencies } from './dependencies.js';
import { assertOnThisHost } from './own-host.js';

/** Looks at the file and asks the service for a place for it. */
export const presignUpload =
  ({ api, host, sources, idleTimeoutMs }: ActivityDependencies) =>
  async ({ request }: { request: FileRequest }): Promise<Presigned> => {
    assertOnThisHost(request, host);
    const signal = cancellationSignal();
    const service = api(request.profile);
    const sizeBytes = await lookAtSource(request, sources, { signal, idleTimeoutMs });
    const place = await service.presignUpload(request.fileName, signal);
    return { ...place, ...(sizeBytes === undefined ? {} : { sizeBytes }) };
  };
