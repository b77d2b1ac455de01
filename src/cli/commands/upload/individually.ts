import type { UploadClient, UploadHandle } from '../../../client.js';
import { type Job, requestForJob } from '../../input/jobs.js';
import { ExitCode, formatErrorFor, printError } from '../../output/errors.js';
import { follow, progressView } from '../../output/progress.js';
import { receiptText } from '../../output/receipt-text.js';
import type { UiLinks } from '../../output/ui-links.js';
import { startStates, type UploadOptions } from './options.js';

/** Starts some files, and tells of each. Nothing is started unless all of them can be read. */
export async function uploadIndividually(
  client: UploadClient,
  jobs: readonly Job[],
  { wait, json }: UploadOptions,
  pages: UiLinks,
): Promise<void> {
  const requests = await Promise.all(jobs.map(requestForJob));
  const handles = [];
  for await (const handle of client.startMany(requests)) handles.push(handle);
  if (wait || json) await waitForAll(client, handles, Boolean(json));
  else tellWhatWasStarted(handles);
  if (!json) tellWhereToLook(handles, pages);
}

function tellWhatWasStarted(handles: readonly UploadHandle[]): void {
  for (const { fileName, state, workflowId } of handles)
    console.log(`${fileName}: ${startStates[state]}${state === 'running' ? ', joined' : ''}, ${workflowId}`);
  console.log(
    '\nThe uploads go on without this command. To wait for the receipts: --wait. To look: aplos-upload status ID',
  );
}

function tellWhereToLook(handles: readonly UploadHandle[], pages: UiLinks): void {
  const links = handles.flatMap(({ workflowId }) => pages.ofUpload(workflowId) ?? []);
  if (links.length > 0) console.log(['\nIn the Temporal UI:', ...links].join('\n  '));
}

async function waitForAll(
  client: UploadClient,
  handles: readonly UploadHandle[],
  json: boolean,
): Promise<void> {
  process.once('SIGINT', leave);
  const view = progressView();
  const results = await Promise.allSettled(handles.map((each) => follow(client, each, view.add(each))));
  view.stop();
  process.off('SIGINT', leave);
  results.forEach((result, index) => {
    if (result.status === 'fulfilled') {
      console.log(json ? JSON.stringify(result.value) : `\n${receiptText(result.value)}`);
    } else {
      printError(formatErrorFor(handles[index]?.fileName ?? '', result.reason));
      process.exitCode = ExitCode.failed;
    }
  });

  function leave(): void {
    view.stop();
    process.stderr.write('\nNo longer waiting. The uploads go on; the same command joins them again.\n');
    process.exit(ExitCode.interrupted);
  }
}
