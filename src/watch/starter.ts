import { basename } from 'node:path';
import { checkFileJob, createFileJob, type FileJobOptions, requestForFileJob } from '../client/file-job.js';
import { parseUploadRequest, type UploadClient, type UploadHandle, workflowIdFor } from '../client.js';
import { UploadError } from '../contract/errors.js';
import type { JsonValue } from '../contract/json.js';
import type { ExecutionRequest } from '../contract/request.js';
import type { FileHost } from '../files/host-of-files.js';
import { statListed } from '../files/listing.js';
import { type FileConfiguration, readFileConfiguration } from './configuration.js';
import { haveSameSizeAndTime, type ScannedDataFile, stampOf } from './folder.js';
import type { FileRecord, WatchState } from './state-file.js';

/** Shortest time for which a namespace keeps a closed workflow. */
const MIN_RETENTION_MS = 24 * 60 * 60_000;

/** Request for each file. */
export interface WatchRequest extends FileJobOptions {
  /** Executions of files without their own configuration. If empty, such files wait for one. */
  readonly executions: readonly ExecutionRequest[];
  /** Metadata of every execution. */
  readonly metaData: JsonValue | undefined;
  /** Which files only one host has. */
  readonly files: FileHost;
}

/** Result of starting a file. */
export type StartOutcome =
  | {
      readonly outcome: 'started';
      readonly record: FileRecord;
      /** State of the upload at the start. Another command may have started it. */
      readonly state: UploadHandle['state'];
    }
  /** An earlier watch had started the upload, and ended before it could record that. */
  | { readonly outcome: 'found'; readonly record: FileRecord }
  /** The same content was started before under this name. */
  | {
      readonly outcome: 'known';
      readonly record: FileRecord;
      /** True if the file was moved, copied or touched since; false if only its share was mounted again. */
      readonly isMoved: boolean;
    }
  /** The file is being written to, or a file with the same name and content is being started. */
  | { readonly outcome: 'deferred' };

/**
 * Starts files, each content once per name. The state file records a file as `starting` before the call to Temporal, and
 * as `started` after it. If a watch ends between the two, the next one asks Temporal whether the workflow exists.
 */
export class WatchStarter {
  readonly #client: UploadClient;
  readonly #state: WatchState;
  readonly #request: WatchRequest;
  readonly #inProgress = new Set<string>();
  readonly #unresolved = new Set<FileRecord>();

  constructor(client: UploadClient, state: WatchState, request: WatchRequest) {
    this.#client = client;
    this.#state = state;
    this.#request = request;
  }

  /** Asks Temporal about each file that an earlier watch recorded as `starting`. */
  async resolveInterruptedStarts(): Promise<void> {
    for (const record of [...this.#state.atStage('starting')]) {
      const { workflowId, at } = record;
      if (await this.#client.status(workflowId)) await this.#state.save({ ...record, stage: 'started' });
      else if (Date.now() - at.getTime() < MIN_RETENTION_MS) this.#state.forget(record);
      else this.#unresolved.add(record);
    }
  }

  /** @throws UploadError `START_UNSETTLED` if it is unknown whether the file was started */
  assertResolved(record: FileRecord): void {
    if (!this.#unresolved.has(record)) return;
    const { path, at, workflowId } = record;
    throw new UploadError(
      'START_UNSETTLED',
      `It is unknown whether ${JSON.stringify(basename(path))} was started: the watch ended during the start, at ${at.toISOString()}, and Temporal has no workflow ${workflowId}. The file is not started again, because every execution is charged`,
      { action: 'Check the file in Aplos NCA. If it is missing there, run: aplos-upload upload.' },
    );
  }

  /**
   * Reads a file and starts its upload.
   *
   * @throws UploadError if the file or its configuration is invalid, Temporal or the state file is unavailable, or as
   * {@link assertResolved}
   */
  async start(file: ScannedDataFile): Promise<StartOutcome> {
    const { path, stamp } = file;
    const { executions, configuration } = await this.#readConfiguration(file);
    const job = await checkFileJob(createFileJob(path, executions, this.#request), this.#request.files);
    const request = parseUploadRequest(await requestForFileJob(job));
    // Network shares may report a stale size and mtime until the file has been opened.
    const stats = await statListed(path);
    if (!stats || stampOf(stats) !== stamp) return { outcome: 'deferred' };

    const sha256 = request.expect?.sha256 ?? '';
    const content = `${request.fileName}/${sha256}`;
    if (this.#inProgress.has(content)) return { outcome: 'deferred' };
    this.#inProgress.add(content);
    try {
      const workflowId = workflowIdFor(request);
      const starting = {
        at: new Date(),
        stage: 'starting',
        workflowId,
        path,
        stamp,
        sha256,
        configuration,
      } as const;
      const known = this.#state.findByContent(path, sha256);
      if (known) {
        const outcome = await this.#outcomeFor(known, starting);
        if (outcome) return outcome;
      }
      if (known?.workflowId !== workflowId || known.stamp !== stamp) await this.#state.save(starting);
      const { state } = await this.#client.start(request);
      const record = { ...starting, stage: 'started' } as const;
      await this.#state.save(record);
      return { outcome: 'started', record, state };
    } finally {
      this.#inProgress.delete(content);
    }
  }

  /** Returns the outcome for a content that is already recorded, or `undefined` if it has to be started. */
  async #outcomeFor(known: FileRecord, { path, stamp }: FileRecord): Promise<StartOutcome | undefined> {
    this.assertResolved(known);
    if (known.stage !== 'starting') {
      const record = { ...known, path, stamp };
      await this.#state.save(record);
      const isMoved = known.path !== path || !haveSameSizeAndTime(known.stamp, stamp);
      return { outcome: 'known', record, isMoved };
    }
    if (!(await this.#client.status(known.workflowId))) return undefined;
    const record = { ...known, stage: 'started' } as const;
    await this.#state.save(record);
    return { outcome: 'found', record };
  }

  async #readConfiguration({ configurations }: ScannedDataFile): Promise<FileConfiguration> {
    const [first, ...others] = configurations;
    const { executions, metaData } = this.#request;
    return first
      ? readFileConfiguration([first.path, ...others.map(({ path }) => path)], metaData)
      : { executions };
  }
}
