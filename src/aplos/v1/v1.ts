import type { z } from 'zod';
import { errorTable, UploadError } from '../../contract/errors.js';
import { endOf } from '../../contract/execution-status.js';
import { isObject, type JsonValue } from '../../contract/json.js';
import { type Section, sectionsIn } from '../../contract/sections.js';
import type { FileRef } from '../../contract/steps.js';
import type {
  AcceptedStart,
  AplosApi,
  ExecutionIds,
  ExecutionRecord,
  FileState,
  PresignResponse,
  StartOptions,
  StartRequest,
  Subscription,
} from '../api.js';
import type { AplosConnection } from '../connection.js';
import { readReport } from '../execution-report.js';
import { signedFields } from '../form-fields.js';
import { asRefusalToStart } from '../refusal-to-start.js';
import { asRefusalOfResults, resultsUnavailable } from '../results-refusals.js';
import { assertSupported } from '../supported-sections.js';
import { withWork, workIn } from '../work-metadata.js';
import {
  executionListSchema,
  executionSchema,
  fileSchema,
  metricsSchema,
  presignSchema,
  resultsSchema,
  startedSchema,
} from './schemas.js';
import { startBodyV1 } from './start-body.js';

/** Version 1 of the API: paths without a version, names in snake_case. */
export class AplosV1 implements AplosApi {
  readonly #connection: AplosConnection;

  constructor(connection: AplosConnection) {
    this.#connection = connection;
  }

  async version() {
    return 'v1' as const;
  }

  async presignUpload(fileName: string, signal?: AbortSignal): Promise<PresignResponse> {
    const requestedAt = Date.now();
    const { file, s3, presigned } = await this.#connection.call(
      {
        purpose: `presign ${fileName}`,
        method: 'POST',
        path: '/nca/files',
        body: { file_name: fileName, method_type: 'post' },
        kind: 'presign',
        response: presignSchema,
      },
      signal,
    );
    return {
      file: {
        ...(file ? { fileId: file.id } : {}),
        bucket: s3?.bucket_name ?? new URL(presigned.url).host,
        key: s3?.object_key ?? presigned.fields.key ?? '',
      },
      presigned: {
        url: presigned.url,
        fields: signedFields(presigned.fields),
        requestedAt: new Date(requestedAt).toISOString(),
        expiresAt: new Date(requestedAt + presigned.expires_in * 1000).toISOString(),
      },
    };
  }

  async fileState(fileId: string, signal?: AbortSignal): Promise<FileState> {
    const { workable_state: state, errors } = await this.#connection.call(
      {
        purpose: `get the state of file ${fileId}`,
        method: 'GET',
        path: `/nca/files/${encodeURIComponent(fileId)}`,
        kind: 'file',
        response: fileSchema,
      },
      signal,
    );
    const word = state.toLowerCase();
    return { state, errors, readiness: word === 'ready' || word === 'invalid' ? word : 'usable' };
  }

  async assertTakes(sections: readonly Section[]): Promise<void> {
    assertSupported(sections, 'v1', 'v1');
  }

  async startExecution(
    { file, execution, work }: StartRequest,
    { signal, beforeSending }: StartOptions = {},
  ): Promise<AcceptedStart> {
    await this.assertTakes(sectionsIn(execution));
    const body = startBodyV1(file, execution, withWork(execution.metaData, work));
    try {
      const { execution_id: executionId, status } = await this.#connection.call(
        {
          purpose: `start an execution of ${nameOf(file)}`,
          method: 'POST',
          path: '/nca/executions',
          body,
          kind: 'start',
          response: startedSchema,
          beforeSending,
        },
        signal,
      );
      return { executionId, status: status.toLowerCase() };
    } catch (error) {
      throw asRefusalToStart(error);
    }
  }

  async listExecutions(awaited?: ExecutionIds): Promise<readonly ExecutionRecord[]> {
    const { items } = await this.#connection.call({
      purpose: 'list the executions',
      method: 'GET',
      path: '/nca/executions',
      kind: 'list',
      response: executionListSchema,
    });
    return items.map((each) => toRecord(each, awaited?.has(each.execution_id)));
  }

  async execution(executionId: string, signal?: AbortSignal): Promise<ExecutionRecord> {
    const purpose = `get execution ${executionId}`;
    return toRecord(await this.#execution(purpose, executionId, executionSchema, signal), true);
  }

  async resultsLink(executionId: string, signal?: AbortSignal): Promise<string> {
    const purpose = `get the results of execution ${executionId}`;
    try {
      const execution = await this.#execution(purpose, executionId, resultsSchema, signal);
      if (execution.presigned && endOf(execution.status) === 'succeeded') return execution.presigned.url;
      throw resultsUnavailable(toRecord(execution));
    } catch (error) {
      throw asRefusalOfResults(error, executionId);
    }
  }

  #execution<Schema extends z.ZodType>(
    purpose: string,
    executionId: string,
    response: Schema,
    signal?: AbortSignal,
  ): Promise<z.output<Schema>> {
    const path = `/nca/executions/${encodeURIComponent(executionId)}`;
    return this.#connection.call({ purpose, method: 'GET', path, kind: 'execution', response }, signal);
  }

  async cancelExecution() {
    return false;
  }

  async subscription(): Promise<Subscription> {
    try {
      const { subscription, user } = await this.#connection.call({
        purpose: 'read the subscription',
        method: 'GET',
        kind: 'subscription',
        path: '/metrics',
        response: metricsSchema,
      });
      const { allocated, remaining } = subscription ?? user ?? {};
      return { allocated, remaining };
    } catch (error) {
      if (error instanceof UploadError && errorTable[error.code].callMayNotExist) return {};
      throw error;
    }
  }
}

/** @param hasReport whether the record gets a report. Default: `false` */
function toRecord(execution: z.output<typeof executionSchema>, hasReport = false): ExecutionRecord {
  const { execution_id: executionId, status, errors, meta_data: metaData } = execution;
  const work = workIn((metaData ?? undefined) as JsonValue | undefined);
  return {
    executionId,
    status: status.toLowerCase(),
    errors,
    hasMarks: metaData === undefined ? undefined : metaData !== null,
    ...(work === undefined ? {} : { work }),
    ...(hasReport ? { report: reportOf(execution) } : {}),
  };
}

function reportOf({ warnings, times }: z.output<typeof executionSchema>) {
  const { elapsed: seconds, completed_utc: completedAt } = isObject(times) ? times : {};
  return readReport({ warnings, seconds, completedAt });
}

const nameOf = ({ fileId, key }: FileRef) => (fileId ? `file ${fileId}` : (key ?? 'a file'));
