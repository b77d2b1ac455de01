import { UploadClient, type UploadHandle } from '../client.js';
import { loadSettings } from '../config.js';
import type { UploadRequest } from '../contract/request.js';
import { temporalTarget } from '../temporal/connection.js';
import { temporalUiUrl, workflowPage } from '../temporal/ui.js';
import { complain, ExitCode, inOneLine } from './exit.js';
import { readRequests, type UploadInputs } from './inputs.js';
import { type FollowedUpload, follow, progressView } from './progress.js';
import { receiptText } from './receipt-text.js';

interface UploadOptions extends UploadInputs {
  readonly wait?: true;
  readonly json?: true;
}

const greetings = {
  started: 'started',
  running: 'already running, joined',
  done: 'already done',
} as const satisfies Record<UploadHandle['state'], string>;

/** `aplos-upload upload` */
export async function upload(files: string[], options: UploadOptions): Promise<void> {
  const requests = await readRequests(files, options);
  const settings = loadSettings(process.env, { accounts: false });
  const client = await UploadClient.connect({ settings });
  try {
    const uploads = await startAll(client, requests);
    if (options.json || options.wait) {
      await waitForAll(client, uploads, options);
    } else {
      for (const { fileName, handle } of uploads)
        console.log(`${fileName}: ${greetings[handle.state]}, ${handle.workflowId}`);
      console.log(
        '\nThe uploads go on without this command. To wait for the receipts: --wait. To look: aplos-upload status ID',
      );
    }
    if (!options.json) tellWhereToLook(uploads);
  } finally {
    await client.close();
  }

  function tellWhereToLook(uploads: readonly FollowedUpload[]): void {
    const target = temporalTarget();
    const uiUrl = temporalUiUrl(settings, target);
    if (!uiUrl) return;
    console.log('\nIn the Temporal UI:');
    for (const { handle } of uploads)
      console.log(`  ${workflowPage(uiUrl, target.namespace, handle.workflowId)}`);
  }
}

async function startAll(client: UploadClient, requests: readonly UploadRequest[]): Promise<FollowedUpload[]> {
  const uploads = [];
  for (const request of requests) {
    const handle = await client.start(request);
    uploads.push({
      fileName: request.fileName,
      sizeBytes: request.expect?.sizeBytes ?? 0,
      handle,
    });
  }
  return uploads;
}

async function waitForAll(
  client: UploadClient,
  uploads: readonly FollowedUpload[],
  { json }: UploadOptions,
): Promise<void> {
  process.once('SIGINT', leave);
  const view = progressView();
  const results = await Promise.allSettled(uploads.map((each) => follow(client, each, view.add(each))));
  view.stop();
  process.off('SIGINT', leave);
  results.forEach((result, index) => {
    if (result.status === 'fulfilled') {
      console.log(json ? JSON.stringify(result.value) : `\n${receiptText(result.value)}`);
    } else {
      complain(nameTheFile(inOneLine(result.reason), uploads[index]?.fileName ?? ''));
      process.exitCode = ExitCode.failed;
    }
  });

  function leave(): void {
    view.stop();
    process.stderr.write('\nNo longer waiting. The uploads go on; the same command joins them again.\n');
    process.exit(130);
  }
}

const nameTheFile = (line: string, fileName: string) =>
  line.includes(fileName) ? line : `${fileName}: ${line}`;
