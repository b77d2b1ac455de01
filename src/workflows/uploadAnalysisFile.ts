import { rawValueTypeInfo } from '@temporalio/common';
import { defineQuery, defineWorkflowOptions, setHandler, workflowInfo } from '@temporalio/workflow';
import { priorityFor } from '../contract/priority.js';
import type { Receipt, StartedExecution, UploadProgress } from '../contract/receipt.js';
import type { UploadRequest } from '../contract/request.js';
import type { PresignedPost, Timed } from '../contract/steps.js';
import {
  checkRequest,
  confirmUpload,
  MAX_REFUSED_POSTS,
  presignUpload,
  startExecution,
  uploadFile,
} from './activities.js';
import { cancellationIn, needsNewPresignedPost, workflowFailure } from './failures.js';
import { onFileHost } from './host-worker.js';
import { receiptOf, type StoredUpload } from './receipt.js';
import { RunVisibility } from './visibility.js';

const progressQuery = defineQuery<UploadProgress | undefined>('progress');

/**
 * Asks Aplos NCA for a presigned POST, uploads the file, confirms the 204, and starts each execution, once.
 *
 * @param input one `UploadRequestInput`. It comes as it was sent, so that what is no JSON fails the workflow too
 * @returns the receipt: what was observed at each step
 * @throws ApplicationFailure whose type is a code of the error table, and whose message says what to do
 */
export async function uploadAnalysisFile(...input: unknown[]): Promise<Receipt> {
  let story: RunVisibility | undefined;
  setHandler(progressQuery, () => story?.progress);
  try {
    const request = await checkRequest(input[0], input.length);
    story = new RunVisibility(request);
    const upload = await uploadUntilStored(request, story);
    const executions = await startEach(request, upload, story);
    story.done();
    return receiptOf(request, upload, executions);
  } catch (error) {
    const cancellation = cancellationIn(error);
    if (cancellation) {
      story?.cancelled();
      throw cancellation;
    }
    const failure = workflowFailure(error, story?.fileName ?? workflowInfo().workflowId);
    story?.failed(failure.type ?? '', failure.message);
    throw failure;
  }
}

/** More than anybody sends: an argument that comes after these is decoded, and holds the workflow up where that fails. */
const MAX_ARGUMENTS = 16;
const inputTypes = Array.from({ length: MAX_ARGUMENTS }, () => rawValueTypeInfo);
defineWorkflowOptions(uploadAnalysisFile, { staticOptions: { typeInfo: { inputTypes } } });

async function uploadUntilStored(
  { executions: _, ...request }: UploadRequest,
  story: RunVisibility,
): Promise<StoredUpload> {
  const { fileName, host } = request;
  const onHost = host === undefined ? '' : `, on ${host}`;
  const { waiting: toBegin, started: toGoOn } = priorityFor(request);
  for (let presigns = 1, refused = 0; ; presigns++) {
    story.presigning();
    const place = await onFileHost(host, story, (where) =>
      presignUpload.executeWithOptions(
        { summary: `a place for ${fileName}${onHost}`, priority: toBegin, ...where },
        [{ request }],
      ),
    );
    try {
      story.uploading(place);
      const evidence = await onFileHost(host, story, (where) =>
        uploadFile.executeWithOptions(
          {
            summary: `${fileName}, ${place.sizeBytes?.toLocaleString('en') ?? 'an unknown number of'} bytes${onHost}`,
            priority: toGoOn,
            ...where,
          },
          [{ request, presigned: place.presigned }],
        ),
      );
      story.confirming();
      const confirmation = await confirmUpload.executeWithOptions(
        { summary: `${fileName} arrived whole?`, priority: toGoOn },
        [{ request, file: place.file, evidence }],
      );
      return { file: place.file, evidence, confirmation, presigns, presigned: place.ran };
    } catch (error) {
      if (!needsNewPresignedPost(error)) throw error;
      if (!hasExpired(place.presigned) && ++refused === MAX_REFUSED_POSTS) throw error;
    }
  }
}

/** As it may have done while it waited for its turn in a long queue. */
const hasExpired = ({ expiresAt }: PresignedPost) => Date.parse(expiresAt) <= Date.now();

async function startEach(
  request: UploadRequest,
  { file, evidence }: StoredUpload,
  story: RunVisibility,
): Promise<Timed<StartedExecution>[]> {
  const { profile, fileName } = request;
  const { started: toGoOn } = priorityFor(request);
  const { runId, firstExecutionRunId } = workflowInfo();
  story.starting();
  const starts = await Promise.allSettled(
    request.executions.map(async ({ label: given, ...execution }, index) => {
      const label = given ?? `#${index + 1}`;
      const started = await startExecution.executeWithOptions(
        { summary: `${label} on ${fileName}`, priority: toGoOn },
        [
          {
            profile,
            fileName,
            file,
            sha256: evidence.sha256,
            label,
            execution,
            isReplay: runId !== firstExecutionRunId,
          },
        ],
      );
      story.started(started);
      return started;
    }),
  );
  return starts.map((start) => {
    if (start.status === 'rejected') throw start.reason;
    return start.value;
  });
}
