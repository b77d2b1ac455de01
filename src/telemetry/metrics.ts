import { ApplicationFailure, type MetricMeter } from '@temporalio/common';
import type { ActivityInboundCallsInterceptor, ActivityInterceptorsFactory } from '@temporalio/worker';
import type { Login } from '../aplos/connection.js';
import { errorTable, isErrorCode, UploadError } from '../contract/errors.js';
import { WORKFLOW_TYPE } from '../contract/names.js';
import type { StartedExecution } from '../contract/receipt.js';
import type { FailureDetails, UploadActivities, UploadEvidence } from '../contract/steps.js';
import { outcomeOf } from './outcome.js';

/** Buckets for the duration of a step in seconds, from a fast call to an upload of an hour. */
export const STEP_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600];

/**
 * The metrics that a worker records in addition to those of Temporal's SDK. The workflow itself counts the uploads that
 * ended.
 */
export class WorkerMetrics {
  readonly #stepSeconds;
  readonly #retries;
  readonly #bytes;
  readonly #executions;
  readonly #startsRefused;
  readonly #logins;
  readonly #idleAborts;
  readonly #listLagSeconds;

  /** @param profiles names of the profiles whose counters start at 0 */
  constructor(meter: MetricMeter, profiles: Iterable<string>) {
    this.#stepSeconds = meter.createHistogram(
      'aplos_step_seconds',
      'float',
      undefined,
      'Duration of the attempts of a step in seconds',
    );
    this.#listLagSeconds = meter.createHistogram(
      'aplos_list_lag_seconds',
      'float',
      undefined,
      'How long executions that Aplos acknowledged were missing from its list, in seconds',
    );
    const counter = (name: string, description: string) => meter.createCounter(name, undefined, description);
    this.#retries = counter('aplos_retries', 'Failed attempts of a step that are retried');
    this.#bytes = counter('aplos_uploaded_bytes', 'Bytes of files that S3 stored');
    this.#executions = counter(
      'aplos_executions_started',
      'Executions that were started, or found already started',
    );
    this.#startsRefused = counter(
      'aplos_starts_refused',
      'Starts that Aplos did not take because of a limit, and that wait',
    );
    this.#logins = counter('aplos_logins', 'Logins to Cognito and token renewals');
    this.#idleAborts = counter(
      'aplos_idle_aborts',
      'Uploads aborted because no data moved within the idle timeout',
    );

    // Dashboards and alerts detect a restart, which resets the counters, by this conventional name.
    meter
      .createGauge(
        'process_start_time_seconds',
        'float',
        undefined,
        'Start time of this process in Unix seconds',
      )
      .set(performance.timeOrigin / 1000);
    this.#idleAborts.add(0);
    for (const profile of profiles) {
      this.#bytes.add(0, { profile });
      this.#startsRefused.add(0, { profile });
      for (const origin of ['started', 'found']) this.#executions.add(0, { profile, origin });
      this.recordLogin(profile, { method: 'password' }, 0);
    }
  }

  /** Records a login or token renewal of a profile, successful or not. */
  recordLogin(profile: string, { method, error }: Login, times = 1): void {
    const code = error === undefined ? '' : error instanceof UploadError ? error.code : 'INTERNAL';
    this.#logins.add(times, { profile, method, code });
  }

  /** Records that Aplos did not take a start of a profile because of a limit. */
  recordStartRefused(profile: string): void {
    this.#startsRefused.add(1, { profile });
  }

  /** Records how long an execution was missing from the list of a profile before it appeared, in seconds. */
  recordListLag(profile: string, seconds: number): void {
    this.#listLagSeconds.record(seconds, { profile });
  }

  /** Measures the activities of uploads. */
  readonly activityInterceptors: ActivityInterceptorsFactory = ({ info }) => {
    const step = info.activityType as keyof UploadActivities;
    const isStep = info.workflowType === WORKFLOW_TYPE && (!info.isLocal || step === 'confirmUpload');
    return isStep ? { inbound: this.#measuring(step, info) } : {};
  };

  #measuring(
    step: keyof UploadActivities,
    { isLocal }: { readonly isLocal: boolean },
  ): ActivityInboundCallsInterceptor {
    return {
      execute: async (input, next) => {
        const startedMs = performance.now();
        const recordDuration = (result: string) =>
          this.#stepSeconds.record((performance.now() - startedMs) / 1000, { step, result });
        try {
          const result = await next(input);
          recordDuration('done');
          this.#countResult(step, input.args[0], result);
          return result;
        } catch (error) {
          if (isLocal) throw error; // a regular attempt follows
          recordDuration(outcomeOf(error).result);
          this.#countFailure(step, error);
          throw error;
        }
      },
    };
  }

  #countResult(step: keyof UploadActivities, input: unknown, result: unknown): void {
    if (step === 'uploadFile') {
      const { profile } = (input as Parameters<UploadActivities['uploadFile']>[0]).request;
      this.#bytes.add((result as UploadEvidence).sizeBytes, { profile });
    }
    if (step === 'startExecution') {
      const { profile } = input as Parameters<UploadActivities['startExecution']>[0];
      this.#executions.add(1, { profile, origin: (result as StartedExecution).origin });
    }
  }

  #countFailure(step: keyof UploadActivities, error: unknown): void {
    if (!(error instanceof ApplicationFailure)) return;
    const { code, result } = outcomeOf(error);
    if (result === 'pending') return;
    const details = error.details?.[0] as FailureDetails | undefined;
    // To wait for a limit is no failure, and starts that wait may do so for hours.
    if (details?.remedy !== 'final' && code !== 'EXECUTIONS_LIMITED') this.#retries.add(1, { step, code });
    if (isErrorCode(code) && errorTable[code].isIdleTimeout) this.#idleAborts.add(1);
  }
}
