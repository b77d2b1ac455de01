import { cancellationSignal } from '@temporalio/activity';
import type { Section } from '../contract/sections.js';
import type { FileRequest, PresignResult } from '../contract/steps.js';
import { checkSource } from '../files/source.js';
import { assertOnThisHost } from './assert-on-this-host.js';
import { assertResultsAllowed } from './assert-results-allowed.js';
import type { ActivityDependencies } from './dependencies.js';

/** Checks the file, where results go, and that Aplos takes what the request holds, then requests a file record and a presigned POST for it from Aplos. */
export const presignUpload =
  ({ api, host, sources, results, idleTimeoutMs }: ActivityDependencies) =>
  async ({
    request,
    sections = [],
  }: {
    request: FileRequest;
    sections?: readonly Section[];
  }): Promise<PresignResult> => {
    assertOnThisHost(request, host);
    const signal = cancellationSignal();
    const aplos = api(request.profile);
    const sizeBytes = await checkSource(request, sources, { signal, idleTimeoutMs });
    assertResultsAllowed(request, { host, results });
    await aplos.assertTakes(sections);
    const { file, presigned } = await aplos.presignUpload(request.fileName, signal);
    return { file, presigned, ...(sizeBytes === undefined ? {} : { sizeBytes }) };
  };
