import { basename } from 'node:path';
import { checkJob, type JobOptions, jobFor, requestForJob } from '../cli/input/jobs.js';
import { parseUploadRequest, type UploadClient, type UploadHandle, workflowIdFor } from '../client.js';
import { UploadError } from '../contract/errors.js';
import type { JsonValue } from '../contract/json.js';
import type { ExecutionRequest } from '../contract/request.js';
import type { FileHost } from '../files/host-of-files.js';
import { type FileConfiguration, readFileConfiguration } from './configuration.js';
import { type SeenDataFile, stampOf } from './folder.js';
import type { FileRecord, WatchState } from './state-file.js';

/** Namespaces keep a finished workflow for this long at the least, as they are set up. */
const SHORTEST_RETENTION_MS = 24 * 60 * 60_000;

/** What is asked for of each file. */
export interface WatchRequest extends Pick<JobOptions, 'profile' | 'batch'> {
  /** For files without a configuration beside them; none: they wait for one. */
  readonly executions: readonly ExecutionRequest[];
  /** Of every execution. */
  readonly metaData: JsonValue | undefined;
  /** Which files are on one host only. */
  readonly files: FileHost;
}

/** What became of a file that was to be started. */
export type StartOutcome =
  | {
      readonly outcome: 'started';
      readonly remembered: FileRecord;
      /** How it stood: it may have been started by another command. */
      readonly state: UploadHandle['state'];
    }
  /** It had been started when a watch ended, which could not note it any more. */
  | { readonly outcome: 'found'; readonly remembered: FileRecord }
  /** Its content was started before under this name. */
  | { readonly outcome: 'known'; readonly remembered: FileRecord }
  /** It is being written to, or another of the same name and content is being started. */
  | { readonly outcome: 'later' };

/**
 * Starts files, each content once under its name. That a file is about to be started is on the disk before Temporal is
 * asked, and that it was started after Temporal has answered; so what lies between the two is settled by asking Temporal
 * for the workflow.
 */
export class WatchStarter {
  readonly #client: UploadClient;
  readonly #memory: WatchState;
  readonly #work: WatchRequest;
  readonly #underWay = new Set<string>();
  readonly #unsettled = new Set<FileRecord>();

  constructor(client: UploadClient, memory: WatchState, work: WatchRequest) {
    this.#client = client;
    this.#memory = memory;
    this.#work = work;
  }

  /** Asks what became of what an earlier watch was about to start when it ended. */
  async settle(): Promise<void> {
    for (const remembered of [...this.#memory.atStage('starting')]) {
      const { workflowId, at } = remembered;
      if (await this.#client.status(workflowId)) await this.#memory.note({ ...remembered, stage: 'started' });
      else if (Date.now() - at.getTime() < SHORTEST_RETENTION_MS) this.#memory.forget(remembered);
      else this.#unsettled.add(remembered);
    }
  }

  /** @throws UploadError `START_UNSETTLED` where it cannot be known any more whether this was started */
  assertSettled(remembered: FileRecord): void {
    if (!this.#unsettled.has(remembered)) return;
    const { path, at, workflowId } = remembered;
    throw new UploadError(
      'START_UNSETTLED',
      `It is not known whether ${JSON.stringify(basename(path))} was started: the watch ended just then, at ${at.toISOString()}, and Temporal no longer knows ${workflowId}. It is not started again, as executions are paid for`,
      { action: 'Look for the file in Aplos NCA. If it is not there: aplos-upload upload.' },
    );
  }

  /**
   * Reads a file and starts it.
   *
   * @throws UploadError of the file or its configuration, or `TEMPORAL_UNREACHABLE` and the like; or as {@link assertSettled}
   */
  async start(file: SeenDataFile): Promise<StartOutcome> {
    const { path, stamp } = file;
    const { executions, configuration } = await this.#configured(file);
    const job = await checkJob(jobFor(path, executions, this.#work), this.#work.files);
    const request = parseUploadRequest(await requestForJob(job));
    // A share may tell an old size and time until the file has been opened.
    if ((await stampOf(path)) !== stamp) return { outcome: 'later' };

    const sha256 = request.expect?.sha256 ?? '';
    const content = `${request.fileName}/${sha256}`;
    if (this.#underWay.has(content)) return { outcome: 'later' };
    this.#underWay.add(content);
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
      const known = this.#memory.of(path, sha256);
      if (known) {
        const outcome = await this.#outcomeOf(known, starting);
        if (outcome) return outcome;
      }
      if (known?.workflowId !== workflowId || known.stamp !== stamp) await this.#memory.note(starting);
      const { state } = await this.#client.start(request);
      const remembered = { ...starting, stage: 'started' } as const;
      await this.#memory.note(remembered);
      return { outcome: 'started', remembered, state };
    } finally {
      this.#underWay.delete(content);
    }
  }

  /** What became of a content that is not new; `undefined` where it has to be started. */
  async #outcomeOf(known: FileRecord, { path, stamp }: FileRecord): Promise<StartOutcome | undefined> {
    this.assertSettled(known);
    if (known.stage !== 'starting') {
      const remembered = { ...known, path, stamp };
      await this.#memory.note(remembered);
      return { outcome: 'known', remembered };
    }
    if (!(await this.#client.status(known.workflowId))) return undefined;
    const remembered = { ...known, stage: 'started' } as const;
    await this.#memory.note(remembered);
    return { outcome: 'found', remembered };
  }

  async #configured({ configurations }: SeenDataFile): Promise<FileConfiguration> {
    const [first, ...others] = configurations;
    const { executions, metaData } = this.#work;
    return first
      ? readFileConfiguration([first.path, ...others.map(({ path }) => path)], metaData)
      : { executions };
  }
}
