import type { FileJob } from '../../../client/file-job.js';
import type { UploadClient, UploadHandle } from '../../../client.js';
import { ExitCode, formatErrorFor, printError } from '../../output/errors.js';
import { follow, progressView } from '../../output/progress.js';
import { receiptLines } from '../../output/receipt-text.js';
import { startLine } from '../../output/start-states.js';
import { print, printJson, printToStderr } from '../../output/terminal.js';
import type { UiLinks } from '../../output/ui-links.js';
import type { UploadOptions } from './options.js';
import type { ReadRequest } from './preview.js';

/** Starts a few uploads and reports each of them. Starts none if a file cannot be read. */
export async function uploadIndividually(
  client: UploadClient,
  jobs: readonly FileJob[],
  read: ReadRequest,
  { wait, json }: UploadOptions,
  links: UiLinks,
): Promise<void> {
  const requests = await Promise.all(jobs.map(read));
  const handles = [];
  for await (const handle of client.startMany(requests)) handles.push(handle);
  if (wait || json) await waitForAll(client, handles, Boolean(json));
  else printStarted(handles);
  if (!json) printLinks(handles, links);
}

function printStarted(handles: readonly UploadHandle[]): void {
  for (const handle of handles) print(startLine(handle.fileName, handle));
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
  handles: readonly UploadHandle[],
  json: boolean,
): Promise<void> {
  process.once('SIGINT', interrupt);
  const view = progressView();
  const results = await Promise.allSettled(handles.map((each) => follow(client, each, view.add(each))));
  view.stop();
  process.off('SIGINT', interrupt);
  results.forEach((result, index) => {
    if (result.status === 'fulfilled') {
      if (json) printJson(result.value);
      else print('', ...receiptLines(result.value));
    } else {
      printError(formatErrorFor(handles[index]?.fileName ?? '', result.reason));
      process.exitCode = ExitCode.failed;
    }
  });

  function interrupt(): void {
    view.stop();
    printToStderr(
      '',
      'Stopped waiting. The uploads continue in the background. Run the same command to wait again.',
    );
    process.exit(ExitCode.interrupted);
  }
}
