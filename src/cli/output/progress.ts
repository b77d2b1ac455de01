import { setTimeout as sleep } from 'node:timers/promises';
import { createLogUpdate } from 'log-update';
import { type PendingStep, type UploadClient, UploadFailedError, type UploadHandle } from '../../client.js';
import { type ExecutionProgress, executionProgressText } from '../../contract/execution-progress.js';
import { Rate } from '../../util/rate.js';
import { count } from '../../util/units.js';
import type { Notices } from './notices.js';
import { progressLines, progressText, type UploadProgress } from './progress-text.js';
import { describeStep, waitingForHost, waitingForWorker } from './status-text.js';
import { printToStderr, renderLine, showsProgress } from './terminal.js';

const POLL_INTERVAL_MS = 500;
const DRAW_INTERVAL_MS = 250;
/** Interval of lines about the same step, without a terminal. */
const LINE_INTERVAL_MS = 10_000;
/** Period over which the rate is measured here, if the worker does not report it. */
const RATE_PERIOD_MS = 10_000;

/** Shows the progress of one upload. */
interface Display {
  show(progress: UploadProgress): void;
}

/** Shows the progress of uploads on stderr. */
export interface ProgressView {
  /** Adds an upload to the view. */
  add(name: string): Display;
  /** Ends the view. */
  stop(): void;
}

/** Returns a view with a row per upload if stderr is a terminal, otherwise one that prints lines. */
export const progressView = (notices: Notices): ProgressView =>
  showsProgress(process.stderr) ? new Rows(notices) : lines();

/** Draws a row for each upload; if there are more uploads than rows, for those that are running. */
class Rows implements ProgressView {
  readonly #update = createLogUpdate(process.stderr);
  readonly #notices: Notices;
  readonly #uploads: { readonly name: string; progress: UploadProgress }[] = [];
  readonly #timer = setInterval(() => this.#draw(), DRAW_INTERVAL_MS);

  constructor(notices: Notices) {
    this.#notices = notices;
    notices.redirect((line) => {
      this.#update.clear();
      printToStderr(line);
      this.#draw();
    });
  }

  add(name: string): Display {
    const upload = { name, progress: { state: 'waiting', step: 'waiting' } as UploadProgress };
    this.#uploads.push(upload);
    return {
      show: (progress) => {
        upload.progress = progress;
      },
    };
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#draw();
    this.#update.done();
    this.#notices.redirect();
  }

  #draw(): void {
    const { columns, rows } = process.stderr;
    this.#update(progressLines(this.#uploads, { columns, rows }).map(renderLine).join('\n'));
  }
}

function lines(): ProgressView {
  return {
    add: (name) => {
      let step = '';
      let printedAt = 0;
      return {
        show: (progress) => {
          const now = performance.now();
          const isMoving = progress.bytesSent !== undefined && progress.state === 'running';
          if (progress.step === step && !(isMoving && now - printedAt >= LINE_INTERVAL_MS)) return;
          printToStderr(`${name}: ${progressText(progress)}`);
          step = progress.step;
          printedAt = now;
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
    display.show({
      state: 'done',
      step: 'done',
      ...(receipt.sizeBytes === undefined
        ? {}
        : { bytesSent: receipt.sizeBytes, totalBytes: receipt.sizeBytes }),
    });
    return receipt;
  } catch (error) {
    ended.abort();
    await polling;
    display.show({ state: 'ended', step: error instanceof UploadFailedError ? 'failed' : 'not known' });
    throw error;
  }
}

async function poll(
  client: UploadClient,
  { workflowId, sizeBytes }: UploadHandle,
  display: Display,
  ended: AbortSignal,
): Promise<void> {
  const rate = new Rate(RATE_PERIOD_MS);
  try {
    while (!ended.aborted) {
      const status = await client.whenAvailable(() => client.status(workflowId));
      const pending = status?.pending[0];
      const waits = status?.pending.filter(({ execution }) => execution) ?? [];
      if (status?.hasWorker === false && !ended.aborted)
        display.show({ state: 'waiting', step: waitingForWorker(status) });
      else if (pending && !ended.aborted) display.show(progressOf(pending, sizeBytes, rate, waits.length));
      await sleep(POLL_INTERVAL_MS, undefined, { signal: ended });
    }
  } catch (error) {
    if (!ended.aborted)
      display.show({ state: 'running', step: `running, progress unknown (${(error as Error).message})` });
  }
}

/** Steps that follow the upload of the file. */
const SENT: readonly string[] = ['confirmUpload', 'startExecution', 'awaitExecution', 'fetchResults'];

/** Returns what an upload waits for: `waiting for 3 results, day 1: running, 40 %`. */
const waitingText = (execution: ExecutionProgress, waits: number) =>
  `waiting for ${count(waits, 'result')}, ${execution.label}: ${executionProgressText(execution)}`;

/** @param waits number of executions that the upload waits for */
function progressOf(
  pending: PendingStep,
  sizeBytes: number | undefined,
  rate: Rate,
  waits: number,
): UploadProgress {
  const { activity, lastFailure, attempt, hostHasWorker, heartbeat, execution } = pending;
  const doing =
    hostHasWorker === false
      ? waitingForHost(pending)
      : execution
        ? waitingText(execution, waits)
        : describeStep(activity);
  const step = lastFailure ? `${doing} (attempt ${attempt}, after ${lastFailure.code})` : doing;
  const state = hostHasWorker === false ? 'waiting' : 'running';
  if (activity === 'uploadFile') {
    const bytesSent = heartbeat?.bytesSent ?? 0;
    rate.add(bytesSent);
    const totalBytes = heartbeat?.totalBytes ?? sizeBytes;
    const bytesPerSecond = heartbeat?.bytesPerSecond ?? rate.perSecond();
    return { state, step, bytesSent, ...(totalBytes === undefined ? {} : { totalBytes }), bytesPerSecond };
  }
  const isSent = SENT.includes(activity) && sizeBytes !== undefined;
  return { state, step, ...(isSent ? { bytesSent: sizeBytes, totalBytes: sizeBytes } : {}) };
}
