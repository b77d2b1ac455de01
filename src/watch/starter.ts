import { basename } from 'node:path';
import { checkFileJob, createFileJob, type FileJobOptions, requestForFileJob } from '../client/file-job.js';
import {
  parseUploadRequest,
  type UploadClient,
  type UploadHandle,
  type UploadRequest,
  type UploadState,
  workflowIdFor,
} from '../client.js';
import { UploadError } from '../contract/errors.js';
import type { JsonValue } from '../contract/json.js';
import type { ExecutionRequest } from '../contract/request.js';
import type { FileHost } from '../files/host-of-files.js';
import { statListed } from '../files/listing.js';
import { type FileConfiguration, readFileConfiguration } from './configuration.js';
import { haveSameSizeAndTime, type ScannedDataFile, stampOf } from './folder.js';
import { findKnownWork, type KnownWork } from './known-work.js';
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

/** A file that was read. */
export interface ReadFile {
  readonly file: ScannedDataFile;
  readonly request: UploadRequest;
  /** Record to save before the start. */
  readonly starting: FileRecord;
}

/** Result of starting a file. */
export type StartOutcome =
  | {
      readonly outcome: 'started';
      readonly record: FileRecord;
      /** State of the upload at the start. Another command may have started it. */
      readonly state: UploadHandle['state'];
    }
  /** The upload is running, but the state file did not say so: another watch or command started it. */
  | { readonly outcome: 'found'; readonly record: FileRecord }
  /** The same content was started before under this name. */
  | {
      readonly outcome: 'known';
      readonly record: FileRecord;
      /** True if the file was moved, copied or touched since; false if only its share was mounted again. */
      readonly isMoved: boolean;
      /** State of the upload, if the state file did not know it. */
      readonly state?: UploadState;
      /** Executions that Aplos has, if neither the state file nor Temporal knows the upload. */
      readonly executionIds?: readonly string[];
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
   * Reads a file, and returns what to start, or the outcome if its content needs no start.
   *
   * @throws UploadError if the file or its configuration is invalid, Temporal or the state file is unavailable, or as
   * {@link assertResolved}
   */
  async read(file: ScannedDataFile): Promise<ReadFile | StartOutcome> {
    const { path, stamp } = file;
    const { executions, configuration } = await this.#readConfiguration(file);
    const job = await checkFileJob(createFileJob(path, executions, this.#request), this.#request.files);
    const request = parseUploadRequest(await requestForFileJob(job));
    // Network shares may report a stale size and mtime until the file has been opened.
    const stats = await statListed(path);
    if (!stats || stampOf(stats) !== stamp) return { outcome: 'deferred' };

    const workflowId = workflowIdFor(request);
    const sha256 = request.expect?.sha256 ?? '';
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
    return (known && (await this.#outcomeFor(known, starting))) ?? { file, request, starting };
  }

  /**
   * Starts the upload of a file that neither the state file nor Temporal nor Aplos knows.
   *
   * @throws UploadError if Temporal or the state file is unavailable
   */
  async start({ request, starting }: ReadFile): Promise<StartOutcome> {
    const { path, stamp, sha256, workflowId } = starting;
    const known = this.#state.findByContent(path, sha256);
    if (known && known.stage !== 'starting') return { outcome: 'deferred' };
    if (known?.workflowId !== workflowId || known.stamp !== stamp) await this.#state.save(starting);
    const { state } = await this.#client.start(request);
    const record = { ...starting, stage: 'started' } as const;
    await this.#state.save(record);
    return { outcome: 'started', record, state };
  }

  /** Asks Temporal and Aplos which of the files were started before. Throws as {@link findKnownWork}. */
  findKnown(files: readonly ReadFile[]): Promise<(KnownWork | undefined)[]> {
    return findKnownWork(
      this.#client,
      files.map(({ request }) => request),
    );
  }

  /**
   * Records a file that another watch or command started, or an earlier watch whose state file was lost.
   *
   * @throws UploadError `STATE_FILE_UNWRITABLE`
   */
  async recordKnown({ starting }: ReadFile, work: KnownWork): Promise<StartOutcome> {
    if (!('upload' in work)) {
      const record = { ...starting, stage: 'ended', configuration: undefined } as const;
      await this.#state.save(record);
      const executionIds = work.executions.map(({ executionId }) => executionId);
      return { outcome: 'known', record, isMoved: true, executionIds };
    }
    const { workflowId, state } = work.upload;
    const isSame = workflowId === starting.workflowId;
    const stage = state === 'running' ? 'started' : 'ended';
    const configuration = isSame ? starting.configuration : undefined;
    const record = { ...starting, workflowId, stage, configuration } as const;
    await this.#state.save(record);
    return state === 'running'
      ? { outcome: 'found', record }
      : { outcome: 'known', record, isMoved: true, state };
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
