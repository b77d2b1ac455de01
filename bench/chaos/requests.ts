import { requestForFile, type UploadClient } from '../../src/client.js';
import type { Receipt } from '../../src/contract/receipt.js';
import { deleteWorkflow } from '../../test/support/delete-workflow.js';
import type { World } from '../../test/support/world.js';
import { executionsOf, repeatedLabels, type WorkFile } from './work.js';

/** One request for a file, and its outcome. */
export interface Upload {
  readonly file: WorkFile;
  /** Labels of the executions that were asked for. */
  readonly labels: readonly string[];
  /** Whether the same file was asked for before, or at the same time. */
  readonly isRepeat: boolean;
  readonly workflowId: string;
  receipt?: Receipt;
  /** Why there is no receipt. */
  failure?: string;
}

/** Asks for each file concurrently, for some a second time, and waits for all. Adds each request to `uploads`. */
export async function upload(
  world: World,
  client: UploadClient,
  work: readonly WorkFile[],
  uploads: Upload[],
): Promise<void> {
  await Promise.all(
    work.map(async (file) => {
      const { repeat, labels } = file;
      const ask = (isRepeat: boolean, batch: string) =>
        request(client, uploads, { file, labels: isRepeat ? repeatedLabels(file) : labels, isRepeat, batch });
      if (repeat === 'overlap') {
        await Promise.all([ask(false, 'chaos'), ask(true, 'chaos again')]);
        return;
      }
      const { workflowId, receipt } = await ask(false, 'chaos');
      if (!receipt || !repeat) return;
      if (repeat === 'deleted') await deleteWorkflow(world.client, workflowId);
      await ask(true, repeat === 'batch' ? 'chaos again' : 'chaos');
    }),
  );
}

type Request = Pick<Upload, 'file' | 'labels' | 'isRepeat'> & { readonly batch: string };

async function request(
  client: UploadClient,
  uploads: Upload[],
  { file, labels, isRepeat, batch }: Request,
): Promise<Upload> {
  const input = await requestForFile(file.path, { executions: executionsOf(labels), batch });
  const { workflowId, result } = await client.start(input);
  const each: Upload = { file, labels, isRepeat, workflowId };
  uploads.push(each);
  await result().then(
    (receipt) => {
      each.receipt = receipt;
    },
    (error: unknown) => {
      each.failure ??= String(error);
    },
  );
  return each;
}
