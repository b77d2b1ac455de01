import { setTimeout as sleep } from 'node:timers/promises';
import { MultiBar } from 'cli-progress';
import { type UploadClient, UploadFailedError, type UploadHandle } from '../../client.js';
import { err } from './colors.js';
import type { Notices } from './notices.js';
import { describeStep, waitingForHost, waitingForWorker } from './status-text.js';
import { printToStderr, renderLine } from './terminal.js';

const POLL_INTERVAL_MS = 500;

/** Shows the progress of one upload. */
interface Display {
  show(step: string, bytesSent: number): void;
}

/** Shows the progress of uploads on stderr. */
export interface ProgressView {
  /** Adds an upload to the view. */
  add(upload: UploadHandle): Display;
  /** Ends the view. */
  stop(): void;
}

/** Returns a view with one bar per upload if stderr is a terminal, otherwise one that prints a line per step. */
export const progressView = (notices: Notices): ProgressView =>
  process.stderr.isTTY ? bars(notices) : lines();

function bars(notices: Notices): ProgressView {
  const format = renderLine(`{file} ${err.cyan('{bar}')} {percentage}%  {step}`);
  const view = new MultiBar({
    format,
    stream: process.stderr,
    hideCursor: true,
    barsize: 24,
    barCompleteChar: '█',
    barIncompleteChar: '░',
  });
  notices.redirect((line) => view.log(`${renderLine(line)}\n`));
  return {
    add: ({ fileName, sizeBytes = 0 }) => {
      const bar = view.create(Math.max(sizeBytes, 1), 0, {
        file: renderLine(renderLine(fileName).padEnd(28).slice(0, 28)),
        step: 'waiting',
      });
      return { show: (step, bytesSent) => bar.update(bytesSent, { step: renderLine(step) }) };
    },
    stop: () => {
      notices.redirect();
      view.stop();
    },
  };
}

function lines(): ProgressView {
  return {
    add: ({ fileName }) => {
      let before = '';
      return {
        show: (step) => {
          if (step !== before) printToStderr(`${fileName}: ${step}`);
          before = step;
        },
      };
    },
    stop: () => {},
  };
}

/** Returns the receipt of an upload once it ends, and shows its progress until then. */
export async function follow(client: UploadClient, upload: UploadHandle, display: Display) {
  const ended = new AbortController();
  const polling = poll(client, upload, display, ended.signal);
  try {
    const receipt = await upload.result();
    ended.abort();
    await polling;
    display.show('done', upload.sizeBytes ?? 0);
    return receipt;
  } catch (error) {
    ended.abort();
    await polling;
    display.show(error instanceof UploadFailedError ? 'failed' : 'not known', 0);
    throw error;
  }
}

async function poll(
  client: UploadClient,
  { workflowId, sizeBytes = 0 }: UploadHandle,
  display: Display,
  ended: AbortSignal,
): Promise<void> {
  try {
    while (!ended.aborted) {
      const status = await client.whenAvailable(() => client.status(workflowId));
      const pending = status?.pending[0];
      if (status?.hasWorker === false && !ended.aborted) display.show(waitingForWorker(status), 0);
      else if (pending && !ended.aborted) {
        const step =
          pending.hostHasWorker === false ? waitingForHost(pending) : describeStep(pending.activity);
        const failure = pending.lastFailure
          ? ` (attempt ${pending.attempt}, after ${pending.lastFailure.code})`
          : '';
        const bytesSent = pending.activity === 'uploadFile' ? (pending.heartbeat?.bytesSent ?? 0) : sizeBytes;
        display.show(`${step}${failure}`, pending.activity === 'presignUpload' ? 0 : bytesSent);
      }
      await sleep(POLL_INTERVAL_MS, undefined, { signal: ended });
    }
  } catch (error) {
    if (!ended.aborted) display.show(`running, progress unknown (${(error as Error).message})`, 0);
  }
}
