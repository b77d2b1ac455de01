import { cancellationSignal } from '@temporalio/activity';
import type { FileRequest, PresignResult } from '../contract/steps.js';
import { checkSource } from '../files/source.js';
import { assertOnThisHost } from './assert-on-this-host.js';
import type { ActivityDependencies } from './dependencies.js';

/** Looks at the file and asks the service for a place for it. */
export const presignUpload =
  ({ api, host, sources, idleTimeoutMs }: ActivityDependencies) =>
  async ({ request }: { request: FileRequest }): Promise<PresignResult> => {
    assertOnThisHost(request, host);
    const signal = cancellationSignal();
    const service = api(request.profile);
    const sizeBytes = await checkSource(request, sources, { signal, idleTimeoutMs });
    const place = await service.presignUpload(request.fileName, signal);
    return { ...place, ...(sizeBytes === undefined ? {} : { sizeBytes }) };
  };
