import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startWorker } from '../../sandbox/worker-process.js';
import { metricsUrlIn } from '../../test/support/monitoring.js';
import type { World } from '../../test/support/world.js';
import { messageFrom } from './message-from.js';

/** Another checkout, for example of an earlier commit: its worker and its client, in a namespace of their own on our servers. */
export interface Checkout {
  readonly namespace: string;
  readonly metricsUrl: string;
  /** Uploads files, waits for their receipts, and returns the IDs of the workflows. */
  upload(paths: readonly string[], options: { readonly concurrency: number }): Promise<readonly string[]>;
  /** Kills both processes. */
  stop(): void;
}

/** Returns the command of a checkout that is built. */
export const commandOf = (root: string): string => join(root, 'dist', 'cli.js');

/**
 * Starts the worker and the client of another checkout.
 *
 * @param root folder of the checkout, in which `npm ci && npm run build` was run
 */
export async function startCheckout(root: string, world: World): Promise<Checkout> {
  const namespace = `before-${randomUUID()}`;
  const env = { ...world.env, TEMPORAL_NAMESPACE: namespace };
  const client = fork(fileURLToPath(new URL('./checkout-client.ts', import.meta.url)), [root], {
    env: { ...process.env, ...env },
    execArgv: ['--import', 'tsx'],
  });
  await answerOf(client);
  let log = '';
  const keepLog = (text: string) => {
    if (metricsUrlIn(log) === '') log += text;
  };
  const settings = { ...env, APLOS_UPLOAD_METRICS: '127.0.0.1:0' };
  const worker = await startWorker(settings, keepLog, { command: commandOf(root) });
  return {
    namespace,
    metricsUrl: metricsUrlIn(log),
    upload: async (paths, options) => {
      client.send({ paths, options });
      return answerOf(client);
    },
    stop: () => {
      for (const child of [worker.child, client]) child.kill('SIGKILL');
    },
  };
}

/** Waits for the answer of a client. */
async function answerOf(client: ChildProcess): Promise<readonly string[]> {
  const { workflowIds, error } = await messageFrom<{ workflowIds?: readonly string[]; error?: string }>(
    client,
  );
  if (workflowIds === undefined) throw new Error(error);
  return workflowIds;
}
