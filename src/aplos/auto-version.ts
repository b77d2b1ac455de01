import { UploadError } from '../contract/errors.js';
import type { Section } from '../contract/sections.js';
import type { ApiVersion, AplosApi, ExecutionIds, StartOptions, StartRequest } from './api.js';
import type { AplosConnection } from './connection.js';

/** Statuses with which a host refuses the paths of a version that it does not speak. API Gateway uses 403. */
const REFUSED_PATH: readonly unknown[] = [301, 302, 303, 307, 308, 403, 404, 405, 410, 501];
/** Codes of responses that may come from something else than the API, such as a web page for unknown paths. */
const FROM_SOMETHING_ELSE: readonly string[] = ['API_ANSWER_BROKEN', 'API_ANSWER_UNEXPECTED'];

/**
 * The API in the version that the host speaks. The host is asked for its version before the first call, and again if a response
 * may mean that the version has changed. If the host refused the call, it had no effect, and is repeated in the new version. A
 * host that refuses calls and no longer returns its configuration is under maintenance.
 */
export class AutoVersion implements AplosApi {
  readonly #connection: AplosConnection;
  readonly #create: (version: ApiVersion) => AplosApi;
  readonly #apis = new Map<ApiVersion, AplosApi>();
  #version: Promise<ApiVersion> | undefined;

  /** @param create creates the API of a version */
  constructor(connection: AplosConnection, create: (version: ApiVersion) => AplosApi) {
    this.#connection = connection;
    this.#create = create;
  }

  version(): Promise<ApiVersion> {
    this.#version ??= this.#connection.version().catch((error: unknown) => {
      this.#version = undefined;
      throw error;
    });
    return this.#version;
  }

  presignUpload(fileName: string, signal?: AbortSignal) {
    return this.#call((api) => api.presignUpload(fileName, signal));
  }

  fileState(fileId: string, signal?: AbortSignal) {
    return this.#call((api) => api.fileState(fileId, signal));
  }

  assertTakes(sections: readonly Section[]) {
    return this.#call((api) => api.assertTakes(sections));
  }

  startExecution(start: StartRequest, options?: StartOptions) {
    return this.#call((api) => api.startExecution(start, options));
  }

  listExecutions(awaited?: ExecutionIds) {
    return this.#call((api) => api.listExecutions(awaited));
  }

  execution(executionId: string, signal?: AbortSignal) {
    return this.#call((api) => api.execution(executionId, signal));
  }

  resultsLink(executionId: string, signal?: AbortSignal) {
    return this.#call((api) => api.resultsLink(executionId, signal));
  }

  cancelExecution(executionId: string, signal?: AbortSignal) {
    return this.#call((api) => api.cancelExecution(executionId, signal));
  }

  subscription() {
    return this.#call((api) => api.subscription());
  }

  async #call<Result>(call: (api: AplosApi) => Promise<Result>): Promise<Result> {
    const version = await this.version();
    const calledAt = performance.now();
    try {
      return await call(this.#api(version));
    } catch (error) {
      if (!(error instanceof UploadError)) throw error;
      const isRefused = REFUSED_PATH.includes(error.details?.status);
      if (!isRefused && !FROM_SOMETHING_ELSE.includes(error.code)) throw error;
      const asking = this.#connection.version(calledAt);
      const current = await (isRefused ? asking : asking.catch(() => version));
      if (current === version) throw isRefused && this.#connection.hasLostHost ? asUnavailable(error) : error;
      this.#version = Promise.resolve(current);
      if (!isRefused) throw error;
      return call(this.#api(current));
    }
  }

  #api(version: ApiVersion): AplosApi {
    const existing = this.#apis.get(version);
    if (existing) return existing;
    const api = this.#create(version);
    this.#apis.set(version, api);
    return api;
  }
}

const asUnavailable = (cause: UploadError): UploadError =>
  new UploadError('API_UNAVAILABLE', `${cause.happened}, and no longer returns its configuration`, {
    cause,
    details: { ...cause.details, notSent: true },
  });
