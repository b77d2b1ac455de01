import { displayLocation, type FileJob, namesOfJobs } from '../../../client/file-job.js';
import type { UploadClient, UploadHandle } from '../../../client.js';
import { UploadError } from '../../../contract/errors.js';
import { isOutage } from '../../../temporal/errors.js';
import { ExitCode, formatError, formatErrorFor, printError } from '../../output/errors.js';
import { HostTally, reportMissingWorkers, warnIfNoWorker } from '../../output/missing-workers.js';
import type { Notices } from '../../output/notices.js';
import { follow, progressView } from '../../output/progress.js';
import { receiptLines } from '../../output/receipt-text.js';
import { doneRecord, problemRecord } from '../../output/records.js';
import { startLine } from '../../output/start-states.js';
import { print, printJson, printToStderr } from '../../output/terminal.js';
import type { UiLinks } from '../../output/ui-links.js';
import { exitAfterClosing } from '../exit.js';
import { exitOnInterrupt } from './interrupt.js';
import type { UploadOptions, UploadOutput } from './options.js';
import type { ReadRequest } from './preview.js';

/** Starts a few uploads and reports each of them. Starts none if a file cannot be read. */
export async function uploadIndividually(
  client: UploadClient,
  jobs: readonly FileJob[],
  read: ReadRequest,
  { wait, json }: UploadOptions,
  { links, notices }: UploadOutput,
): Promise<void> {
  const stopListening = exitOnInterrupt(client);
  const requests = await Promise.all(jobs.map(read));
  const names = namesOfJobs(jobs);
  const handles: NamedHandle[] = [];
  const hosts = new HostTally();
  for await (const handle of client.startMany(requests)) {
    const index = handles.length;
    const job = jobs[index];
    handles.push({
      ...handle,
      name: names[index] ?? handle.fileName,
      file: job ? displayLocation(job) : handle.fileName,
    });
    hosts.add(handle);
  }
  stopListening();
  await hosts.warn(client, notices);
  if (wait || json) await waitForAll(client, handles, Boolean(json), notices);
  else {
    printStarted(handles);
    if (handles.some(({ state }) => state !== 'done')) await warnIfNoWorker(client, notices);
  }
  if (!json) printLinks(handles, links);
}

/** An upload, and how its file is named here. */
interface NamedHandle extends UploadHandle {
  /** As much of the path as tells it from the other files. */
  readonly name: string;
  /** Path or URL, as the user wrote it. */
  readonly file: string;
}

function printStarted(handles: readonly NamedHandle[]): void {
  for (const handle of handles) print(startLine(handle.name, handle));
  if (handles.some(({ state }) => state !== 'done'))
    print(
      '',
      'The uploads continue in the background. Add --wait to wait for their receipts, or run: aplos-upload status',
    );
}

function printLinks(handles: readonly UploadHandle[], { uploadPage }: UiLinks): void {
  const pages = handles.flatMap(({ workflowId }) => uploadPage(workflowId) ?? []);
  if (pages.length > 0) print('', 'In the Temporal UI:', ...pages.map((page) => `  ${page}`));
}

async function waitForAll(
  client: UploadClient,
  handles: readonly NamedHandle[],
  json: boolean,
  notices: Notices,
): Promise<void> {
  let exiting: Promise<never> | undefined;
  process.once('SIGINT', interrupt);
  const view = progressView(notices);
  const ended = new AbortController();
  const reporting = reportMissingWorkers(client, notices, ended.signal);
  const results = await Promise.allSettled(handles.map((each) => follow(client, each, view.add(each.name))));
  ended.abort();
  await reporting;
  await exiting;
  view.stop();
  process.off('SIGINT', interrupt);
  const unknown: { readonly handle: NamedHandle; readonly error: UploadError }[] = [];
  for (const [index, handle] of handles.entries()) {
    const result = results[index];
    if (result?.status === 'fulfilled') {
      if (json) printJson(doneRecord(handle.file, result.value));
      else print('', ...receiptLines(result.value, handle.name));
    } else {
      process.exitCode = ExitCode.failed;
      const error: unknown = result?.reason;
      const isUnknown = error instanceof UploadError && isOutage(error);
      if (json)
        printJson(problemRecord(isUnknown ? 'unknown' : 'failed', handle.file, error, handle.workflowId));
      if (isUnknown) unknown.push({ handle, error });
      else printError(formatErrorFor(handle.name, error));
    }
  }
  const [first] = unknown;
  if (first)
    printError(
      `${formatError(first.error)} Not known: the results of ${unknown.map(({ handle }) => handle.name).join(', ')}`,
    );

  function interrupt(): void {
    view.stop();
    printToStderr(
      '',
      'Stopped waiting. The uploads continue in the background. Run the same command to wait again.',
    );
    exiting = exitAfterClosing(client, ExitCode.interrupted);
  }
}
