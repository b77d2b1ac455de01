import { setTimeout as sleep } from 'node:timers/promises';
import { requestForFile, type UploadClient } from '../../src/client.js';
import type { Receipt } from '../../src/contract/receipt.js';
import { deleteWorkflow } from '../../test/support/delete-workflow.js';
import type { World } from '../../test/support/world.js';
import { executionsOf, type Repeat, repeatedLabels, type WorkFile } from './work.js';

/** One request for a file, and its outcome. */
export interface Upload {
  readonly file: WorkFile;
  /** Labels of the executions that were asked for. */
  readonly labels: readonly string[];
  /** How the same file was asked for before; absent for the first request, and if its workflow could not be deleted. */
  readonly repeat?: Repeat;
  readonly workflowId: string;
  receipt?: Receipt;
  /** Why there is no receipt. */
  failure?: string;
}

/** What is asked for. */
export interface Plan {
  readonly work: readonly WorkFile[];
  /** Folder for the results. `undefined`: they are not fetched. */
  readonly results: string | undefined;
  /**
   * How long an execution may be missing from the list, in milliseconds. Temporal's retention is longer than that, so a workflow is
   * not deleted earlier.
   */
  readonly listLagMs: number;
}

/** Asks for each file concurrently, for some a second time, and waits for all. Adds each request to `uploads`. */
export async function upload(
  world: World,
  client: UploadClient,
  { work, results, listLagMs }: Plan,
  uploads: Upload[],
): Promise<void> {
  const ask = (asked: Request, batch: string) => request(client, uploads, asked, batch, results);
  await Promise.all(
    work.map(async (file) => {
      const { repeat, labels } = file;
      const first = () => ask({ file, labels }, 'chaos');
      const second = (batch: string) =>
        ask({ file, labels: repeatedLabels(file), ...(repeat ? { repeat } : {}) }, batch);
      if (repeat === 'overlap') {
        await Promise.all([first(), second('chaos again')]);
        return;
      }
      const { workflowId, receipt } = await first();
      if (!receipt || !repeat) return;
      if (repeat !== 'deleted') return void (await second(repeat === 'batch' ? 'chaos again' : 'chaos'));
      await sleep(listLagMs);
      if (await deleteWorkflow(world.client, workflowId, DELETED_WITHIN_MS)) await second('chaos');
      else await first();
    }),
  );
}

/** A busy dev server takes longer. The file is then asked for again nevertheless. */
const DELETED_WITHIN_MS = 120_000;

type Request = Pick<Upload, 'file' | 'labels' | 'repeat'>;

async function request(
  client: UploadClient,
  uploads: Upload[],
  asked: Request,
  batch: string,
  results: string | undefined,
): Promise<Upload> {
  const { file, labels } = asked;
  const input = await requestForFile(file.path, {
    executions: executionsOf(labels),
    batch,
    ...(results === undefined ? {} : { results: `file://${results}/{fileName}/{label}.zip` }),
  });
  const { workflowId, result } = await client.start(input);
  const each: Upload = { ...asked, workflowId };
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
