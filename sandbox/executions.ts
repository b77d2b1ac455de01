import { createHash, randomUUID } from 'node:crypto';
import type { Account } from './cognito.js';
import type { FileRecord, Files } from './files.js';
import { analyse, type ConfiguredColumns, columnsNamed, resultsZip } from './nca.js';
import type { ObjectStore } from './object-store.js';
import type { SandboxSettings } from './options.js';
import { isText, parseTable } from './table.js';

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
}

/** Request body of a start. */
export interface StartBody {
  readonly configuration: Readonly<Record<string, unknown>>;
  readonly meta_data?: unknown;
  readonly data_processing?: unknown;
  readonly post_processing?: unknown;
}

interface Execution {
  readonly charge: Charge;
  readonly account: Account;
  readonly file: FileRecord;
  /** Start time by `performance.now()`. */
  readonly startedAt: number;
  outcome?: Promise<readonly string[]>;
}

const DOWNLOAD_SECONDS = 3600;
const MAX_ANALYSED_BYTES = 64 * 1024 ** 2;

/** All executions, and what was charged for them. */
export class Executions {
  readonly #all: Execution[] = [];
  readonly #past: readonly { status: string }[];
  readonly #store: ObjectStore;
  readonly #files: Files;
  readonly #settings: SandboxSettings;

  constructor(store: ObjectStore, files: Files, settings: SandboxSettings) {
    this.#store = store;
    this.#files = files;
    this.#settings = settings;
    this.#past = Array.from({ length: settings.pastExecutions }, (_, index) => pastExecution(index));
  }

  /** Every execution that was accepted, in order. */
  get charges(): readonly Charge[] {
    return this.#all.map(({ charge }) => charge);
  }

  /** Number of executions that the subscription still allows. */
  get remaining(): number {
    return Math.max(0, this.#settings.allocation - this.#all.length);
  }

  /** Accepts an execution, and returns the response. */
  start(account: Account, file: FileRecord, body: StartBody): object {
    const startedAt = performance.now();
    const now = Date.now();
    const trackingId = trackingIdIn(body.meta_data);
    const charge: Charge = {
      executionId: `${Math.floor(now / 1000)}-${now % 1000}${this.#all.length}:${randomUUID()}`,
      fileId: file.fileId,
      ...(trackingId !== undefined && { trackingId }),
      at: new Date(now).toISOString(),
      configuration: body.configuration,
      configurationSha256: createHash('sha256').update(JSON.stringify(body.configuration)).digest('hex'),
      ...('meta_data' in body && { metaData: body.meta_data }),
      ...('data_processing' in body && { dataProcessing: body.data_processing }),
      ...('post_processing' in body && { postProcessing: body.post_processing }),
    };
    this.#all.push({ charge, account, file, startedAt });
    return { execution_id: charge.executionId, status: 'queuing' };
  }

  /** Returns the status of an execution of a user; `undefined` if there is none. */
  async status(account: Account, executionId: string): Promise<object | undefined> {
    const execution = this.#all.find(
      ({ charge, account: { userId } }) => charge.executionId === executionId && userId === account.userId,
    );
    if (!execution) return undefined;
    const status = await this.#describe(execution);
    if (status.status !== 'complete') return status;
    return {
      ...status,
      presigned: {
        url: await this.#store.download(resultsKey(execution), DOWNLOAD_SECONDS),
        expires_in: DOWNLOAD_SECONDS,
        expires_at_utc: new Date(Date.now() + DOWNLOAD_SECONDS * 1000).toISOString(),
      },
    };
  }

  /**
   * Lists the executions of a user, newest first.
   *
   * @param startedBefore hides executions that were started later, by `performance.now()`
   */
  async list(account: Account, startedBefore: number): Promise<{ status: string }[]> {
    const shown = this.#all.filter(
      ({ account: { userId }, startedAt }) => userId === account.userId && startedAt <= startedBefore,
    );
    const described = await Promise.all(shown.reverse().map((execution) => this.#describe(execution)));
    return [...described, ...this.#past];
  }

  async #describe(execution: Execution): Promise<{ status: string }> {
    const { charge, file, startedAt } = execution;
    const { stepMs } = this.#settings;
    const elapsed = performance.now() - startedAt;
    const still = elapsed < stepMs ? 'queuing' : elapsed < 2 * stepMs ? 'running' : undefined;
    if (!still)
      execution.outcome ??= this.#run(execution).catch((error: unknown) => {
        delete execution.outcome;
        throw error;
      });
    const errors = (await execution.outcome) ?? [];
    return {
      execution_id: charge.executionId,
      status: still ?? (errors.length > 0 ? 'failed' : 'complete'),
      file: { id: file.fileId, file_name: file.fileName },
      s3: { bucket_name: file.bucket, object_key: file.key },
      meta_data: charge.metaData ?? null,
      errors,
      times: { created_utc: charge.at, elapsed: Math.min(elapsed, 2 * stepMs) / 1000 },
    } as { status: string };
  }

  /** Analyses the file and stores the results. Returns the reasons why it failed, if it did. */
  async #run(execution: Execution): Promise<readonly string[]> {
    const { charge, file } = execution;
    const { workable_state, errors } = await this.#files.state(file);
    if (workable_state === 'invalid') return errors;
    let rows: string[][] | undefined;
    if (isText(file.fileName)) {
      const columns = charge.configuration.columns as ConfiguredColumns;
      const table = parseTable(wholeLines(await this.#store.bytes(file.key, MAX_ANALYSED_BYTES)));
      const missing = columnsNamed(columns).filter((name) => !table.columns.includes(name));
      if (missing.length > 0) return missing.map((name) => `The file has no column "${name}".`);
      rows = analyse(table, columns);
    }
    await this.#store.put(resultsKey(execution), resultsZip(rows, charge), 'application/zip');
    return [];
  }
}

/** Returns what the list shows of an execution that a worker started long ago. */
function pastExecution(index: number): { status: string } {
  const id = createHash('sha256').update(`${index}`).digest('hex');
  const at = new Date(Date.UTC(2025, 0, 1) + index * 60_000).toISOString();
  const fileName = `past-${index}.csv`;
  return {
    execution_id: `${index}:${id}`,
    status: 'complete',
    file: { id, file_name: fileName },
    s3: { bucket_name: 'past', object_key: `tenants/past/files/${id}.csv` },
    meta_data: {
      study: 'past',
      aplos_upload: {
        tracking_id: id.slice(0, 32),
        content_id: id.slice(32),
        file_name: fileName,
        requested_at: at,
      },
    },
    errors: [],
    times: { created_utc: at, elapsed: 60 },
  } as { status: string };
}

const resultsKey = ({ charge, account }: Execution): string =>
  `${account.tenantId}/${account.userId}/results/${charge.executionId.replace(':', '-')}.zip`;

const wholeLines = (bytes: Buffer): string =>
  bytes.length < MAX_ANALYSED_BYTES ? bytes.toString() : bytes.toString().slice(0, bytes.lastIndexOf('\n'));

function trackingIdIn(metaData: unknown): string | undefined {
  if (typeof metaData !== 'object' || metaData === null || !('aplos_upload' in metaData)) return undefined;
  const ours = metaData.aplos_upload;
  if (typeof ours !== 'object' || ours === null || !('tracking_id' in ours)) return undefined;
  return typeof ours.tracking_id === 'string' ? ours.tracking_id : undefined;
}
