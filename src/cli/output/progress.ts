import { setTimeout as sleep } from 'node:timers/promises';
import { MultiBar } from 'cli-progress';
import type { UploadClient, UploadHandle } from '../../client.js';
import { err } from './colors.js';
import { describeStep, waitingForHost } from './status-text.js';

const EVERY_MS = 500;

/** Shows how one upload goes on. */
interface Display {
  show(step: string, bytesSent: number): void;
}

/** Where uploads are shown, on stderr: a bar each on a terminal, plain lines elsewhere. */
export interface ProgressView {
  add(upload: UploadHandle): Display;
  stop(): void;
}

/** The view that fits where stderr goes. */
export const progressView = (): ProgressView => (process.stderr.isTTY ? bars() : lines());

function bars(): ProgressView {
  const format = `{file} ${err.cyan('{bar}')} {percentage}%  {step}`;
  const view = new MultiBar({
    format,
    stream: process.stderr,
    hideCursor: true,
    barsize: 24,
    barCompleteChar: '█',
    barIncompleteChar: '░',
  });
  return {
    add: ({ fileName, sizeBytes = 0 }) => {
      const bar = view.create(Math.max(sizeBytes, 1), 0, {
        file: fileName.padEnd(28).slice(0, 28),
        step: 'waiting',
      });
      return { show: (step, bytesSent) => bar.update(bytesSent, { step }) };
    },
    stop: () => view.stop(),
  };
}

function lines(): ProgressView {
  return {
    add: ({ fileName }) => {
      let before = '';
      return {
        show: (step) => {
          if (step !== before) process.stderr.write(`${fileName}: ${step}\n`);
          before = step;
        },
      };
    },
    stop: () => {},
  };
}

/** Waits for the receipt of an upload and shows, meanwhile, how it goes on. */
export async function follow(client: UploadClient, upload: UploadHandle, display: Display) {
  const ended = new AbortController();
  const watching = watch(client, upload, display, ended.signal);
  try {
    const receipt = await upload.result();
    ended.abort();
    await watching;
    display.show('done', upload.sizeBytes ?? 0);
    return receipt;
  } catch (error) {
    ended.abort();
    await watching;
    display.show('failed', 0);
    throw error;
  }
}

async function watch(
  client: UploadClient,
  { workflowId, sizeBytes = 0 }: UploadHandle,
  display: Display,
  ended: AbortSignal,
): Promise<void> {
  try {
    while (!ended.aborted) {
      const pending = (await client.status(workflowId))?.pending[0];
      if (pending && !ended.aborted) {
        const step =
          pending.hostHasWorker === false ? waitingForHost(pending) : describeStep(pending.activity);
        const trouble = pending.lastFailure
          ? ` (attempt ${pending.attempt}, after ${pending.lastFailure.code})`
          : '';
        const sentBefore =
          pending.activity === 'uploadFile' ? (pending.heartbeat?.bytesSent ?? 0) : sizeBytes;
        display.show(`${step}${trouble}`, pending.activity === 'presignUpload' ? 0 : sentBefore);
      }
      await sleep(EVERY_MS, undefined, { signal: ended });
    }
  } catch (error) {
    if (!ended.aborted) display.show(`cannot be watched (${(error as Error).message}), goes on`, 0);
  }
}
