import { createHash, randomUUID } from 'node:crypto';
import { analyseFile, MAX_ANALYSED_BYTES } from './analysis.js';
import type { KnownResults } from './cases.js';
import type { Account } from './cognito.js';
import type { FileRecord, Files } from './files.js';
import type { ObjectStore } from './object-store.js';
import type { SandboxSettings } from './options.js';
import { admit, type Schedule } from './pace.js';
import { camelKeys } from './v3/camel-keys.js';
import { dialects } from './v3/dialects.js';

/** An execution that was accepted, and so charged. */
export interface Charge {
  readonly executionId: string;
  readonly fileId: string;
  /** Value of `aplos_upload.tracking_id` in the metadata. */
  readonly trackingId?: string;
  /** Time of acceptance. ISO 8601, UTC. */
  readonly at: string;
  readonly configuration: Readonly<Record<string, unknown>>;
  /** SHA-256 of the configuration's JSON, in hex. */
  readonly configurationSha256: string;
  /** Metadata as it was sent. */
  readonly metaData?: unknown;
  readonly dataProcessing?: unknown;
  readonly postProcessing?: unknown;
  /** Name of the execution. Version 3 only. */
  readonly name?: string;
  /** Other sections, as they were sent. Version 3 only. */
  readonly sections?: Readonly<Record<string, unknown>>;
  /** Request body as it was sent. */
  readonly body: unknown;
}

/** Request of a start. */
export interface StartRequest {
  readonly configuration: Readonly<Record<string, unknown>>;
  readonly metaData?: unknown;
  readonly dataProcessing?: unknown;
  readonly postProcessing?: unknown;
  readonly name?: string | undefined;
  readonly sections?: Readonly<Record<string, unknown>>;
  /** Request body as it was sent. */
  readonly body: unknown;
}

/** Response to a start. */
export interface StartResult {
  readonly executionId: string;
  readonly status: 'queued' | 'throttled' | 'rejected';
  readonly delaySeconds?: number;
  /** Reason of the rejection. */
  readonly reason?: string;
}

/** State of an execution in the words of version 3. */
export type ExecutionStatus =
  | 'queued'
  | 'throttled'
  | 'running'
  | 'succeeded'
  | 'failed'
  | 'rejected'
  | 'cancelled'
  | 'timed_out';

/** Phases that an execution runs through, in the words of Aplos's web page. */
export const PHASES = [
  'Processing',
  'Generating Individual Plots',
  'Generating Summaries',
  'Generating Technical Report',
] as const;

/** An execution as a user sees it, whatever the version of the API. */
export interface ExecutionState {
  readonly charge: Charge;
  /** Absent for executions from before the sandbox was started. */
  readonly file?: FileRecord;
  readonly status: ExecutionStatus;
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  /** Number of {@link PHASES} that are done. */
  readonly completedPhases: number;
  /** Seconds since the start, at most until the end. */
  readonly elapsed: number;
}

/** An execution in a list. */
export interface ListedExecution {
  readonly executionId: string;
  readonly describe: () => Promise<ExecutionState>;
}

interface Execution {
  readonly charge: Charge;
  readonly account: Account;
  readonly file: FileRecord;
  readonly schedule: Schedule;
  /** Reason of the rejection. */
  readonly rejection?: string;
  /** By `performance.now()`. */
  cancelledAt?: number;
  /** Reasons of the failure; `undefined` while S3 is unavailable. */
  outcome?: Promise<readonly string[] | undefined>;
}

/** All executions, and what was charged for them. */
export class Executions {
  /** By ID, in the order of their starts. */
  readonly #all = new Map<string, Execution>();
  readonly #charges: Charge[] = [];
  /** Schedules of the accepted executions of each user. */
  readonly #schedules = new Map<Account, Schedule[]>();
  readonly #past: readonly ExecutionState[];
  readonly #listedPast: readonly ListedExecution[];
  readonly #store: ObjectStore;
  readonly #files: Files;
  readonly #settings: SandboxSettings;
  readonly #knownResults: KnownResults;

  constructor(store: ObjectStore, files: Files, settings: SandboxSettings, knownResults: KnownResults) {
    this.#store = store;
    this.#files = files;
    this.#settings = settings;
    this.#knownResults = knownResults;
    this.#past = Array.from({ length: settings.pastExecutions }, (_, index) => pastExecution(index));
    this.#listedPast = this.#past.map((state) => ({
      executionId: state.charge.executionId,
      describe: async () => state,
    }));
  }

  /** Every execution that was accepted, in order. */
  get charges(): readonly Charge[] {
    return [...this.#charges];
  }

  /** Number of executions that the subscription still allows. */
  get remaining(): number {
    return Math.max(0, this.#settings.allocation - this.#charges.length);
  }

  /** Accepts or rejects an execution. A refused one (429) leaves a rejected execution behind, as the real service may do. */
  start(
    account: Account,
    file: FileRecord,
    request: StartRequest,
  ): StartResult & { readonly isRefused: boolean } {
    const schedules = this.#schedules.get(account) ?? [];
    const admission = admit(schedules, this.#settings);
    const now = Date.now();
    const trackingId = trackingIdIn(request.metaData);
    const { configuration, ...others } = request;
    const charge: Charge = {
      executionId: `${Math.floor(now / 1000)}-${now % 1000}${this.#all.size}:${randomUUID()}`,
      fileId: file.fileId,
      ...(trackingId !== undefined && { trackingId }),
      at: new Date(now).toISOString(),
      configuration,
      configurationSha256: createHash('sha256').update(JSON.stringify(configuration)).digest('hex'),
      ...(Object.fromEntries(Object.entries(others).filter(([, value]) => value !== undefined)) as Omit<
        Charge,
        'executionId' | 'fileId' | 'at' | 'configuration' | 'configurationSha256'
      >),
    };
    const startedAt = performance.now();
    const { executionId } = charge;
    if (admission.kind !== 'accepted') {
      const { reason } = admission;
      const schedule = { startedAt, throttledUntil: startedAt, runsAt: startedAt, endsAt: startedAt };
      this.#all.set(executionId, { charge, account, file, schedule, rejection: reason });
      return { executionId, status: 'rejected', reason, isRefused: admission.kind === 'refused' };
    }
    const { schedule, delaySeconds } = admission;
    this.#all.set(executionId, { charge, account, file, schedule });
    this.#charges.push(charge);
    this.#schedules.set(account, schedules);
    schedules.push(schedule);
    return delaySeconds === undefined
      ? { executionId, status: 'queued', isRefused: false }
      : { executionId, status: 'throttled', delaySeconds, isRefused: false };
  }

  /** Returns an execution of a user; `undefined` if there is none. */
  async find(account: Account, executionId: string): Promise<ExecutionState | undefined> {
    const execution = this.#findOwn(account, executionId);
    return execution
      ? this.#describe(execution)
      : this.#past.find(({ charge }) => charge.executionId === executionId);
  }

  /** Cancels an execution of a user, unless it has ended. Returns whether it did. */
  cancel(account: Account, executionId: string): boolean {
    const execution = this.#findOwn(account, executionId);
    if (!execution || execution.rejection !== undefined || execution.cancelledAt !== undefined) return false;
    const isEndless = this.#settings.endExecution(execution.charge.configuration)?.status === 'running';
    if (!isEndless && performance.now() >= execution.schedule.endsAt) return false;
    execution.cancelledAt = performance.now();
    return true;
  }

  /** Returns the results zip that S3 stores for an execution. */
  async results(executionId: string): Promise<Buffer> {
    const execution = this.#all.get(executionId);
    if (!execution) throw new Error(`The sandbox has no execution ${executionId}`);
    return this.#store.bytes(resultsKey(execution));
  }

  /** Presigns the download of an execution's results. */
  async download(account: Account, executionId: string): Promise<string | undefined> {
    const execution = this.#findOwn(account, executionId);
    return execution && this.#store.download(resultsKey(execution), this.#settings.downloadSeconds);
  }

  /**
   * Lists the executions of a user, newest first. Not described yet, so that a page of a long list is cheap.
   *
   * @param startedBefore hides executions that were started later, by `performance.now()`
   */
  list(account: Account, startedBefore: number): ListedExecution[] {
    const shown = [...this.#all.values()].filter(
      ({ account: { userId }, schedule }) => userId === account.userId && schedule.startedAt <= startedBefore,
    );
    return [
      ...shown.reverse().map((execution) => ({
        executionId: execution.charge.executionId,
        describe: () => this.#describe(execution),
      })),
      ...this.#listedPast,
    ];
  }

  #findOwn({ userId }: Account, executionId: string): Execution | undefined {
    const execution = this.#all.get(executionId);
    return execution?.account.userId === userId ? execution : undefined;
  }

  async #describe(execution: Execution): Promise<ExecutionState> {
    const { charge, file, schedule, rejection, cancelledAt } = execution;
    const now = cancelledAt ?? performance.now();
    const elapsed = (Math.min(now, schedule.endsAt) - schedule.startedAt) / 1000;
    const done = (now - schedule.runsAt) / (schedule.endsAt - schedule.runsAt || 1);
    const completedPhases = Math.floor(PHASES.length * Math.min(1, Math.max(0, done)));
    const warnings = this.#settings.warn(charge.configuration);
    const state = { charge, file, elapsed, completedPhases, warnings, errors: [] };
    if (rejection !== undefined) return { ...state, status: 'rejected', errors: [rejection] };
    if (cancelledAt !== undefined) return { ...state, status: 'cancelled' };
    if (now < schedule.throttledUntil) return { ...state, status: 'throttled' };
    if (now < schedule.runsAt) return { ...state, status: 'queued' };
    if (now < schedule.endsAt) return { ...state, status: 'running' };
    const end = this.#settings.endExecution(charge.configuration);
    if (end) return { ...state, ...end };
    execution.outcome ??= this.#run(execution).catch(() => undefined);
    const errors = await execution.outcome;
    if (errors) return { ...state, errors, status: errors.length > 0 ? 'failed' : 'succeeded' };
    delete execution.outcome;
    return { ...state, status: 'running' };
  }

  /**
   * Analyses the file and stores the results. Returns the reasons why it failed, if it did.
   *
   * @throws Error if S3 is unavailable
   */
  async #run(execution: Execution): Promise<readonly string[]> {
    const { charge, file } = execution;
    const { state, errors } = await this.#files.state(file);
    if (state === 'invalid') return errors;
    const bytes = await this.#store.bytes(file.key, MAX_ANALYSED_BYTES);
    const { camelKeys: isCamel } = dialects[this.#settings.dialect];
    const shown = isCamel ? camelKeys(charge.configuration) : charge.configuration;
    const known = this.#knownResults(bytes, charge);
    const { zip, errors: reasons } = analyseFile(file.fileName, bytes, charge, { shown, known });
    if (zip)
      await this.#store.put(resultsKey(execution), this.#settings.changeResults(zip), 'application/zip');
    return reasons;
  }
}

/** Returns an execution that a worker started before the sandbox. They lie 25 minutes apart: 20,000 in a year. */
function pastExecution(index: number): ExecutionState {
  const id = createHash('sha256').update(`${index}`).digest('hex');
  const at = new Date(Date.now() - (index + 1) * 25 * 60_000).toISOString();
  const fileName = `past-${index}.csv`;
  const metaData = {
    study: 'past',
    aplos_upload: {
      tracking_id: id.slice(0, 32),
      content_id: id.slice(32),
      file_name: fileName,
      requested_at: at,
    },
  };
  const charge: Charge = {
    executionId: `${index}:${id}`,
    fileId: id,
    at,
    configuration: {},
    configurationSha256: id,
    metaData,
    name: `past · aplos-upload ${id.slice(0, 32)}`,
    body: {},
  };
  return {
    charge,
    status: 'succeeded',
    errors: [],
    warnings: [],
    completedPhases: PHASES.length,
    elapsed: 60,
  };
}

const resultsKey = ({ charge, account }: Execution): string =>
  `${account.tenantId}/${account.userId}/results/${charge.executionId.replace(':', '-')}.zip`;

function trackingIdIn(metaData: unknown): string | undefined {
  if (typeof metaData !== 'object' || metaData === null || !('aplos_upload' in metaData)) return undefined;
  const ours = metaData.aplos_upload;
  if (typeof ours !== 'object' || ours === null || !('tracking_id' in ours)) return undefined;
  return typeof ours.tracking_id === 'string' ? ours.tracking_id : undefined;
}
