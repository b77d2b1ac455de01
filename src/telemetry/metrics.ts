import { ApplicationFailure, CancelledFailure, type MetricMeter } from '@temporalio/common';
import type { ActivityInboundCallsInterceptor, ActivityInterceptorsFactory } from '@temporalio/worker';
import type { Login } from '../aplos/connection.js';
import { errorTable, isErrorCode, UploadError } from '../contract/errors.js';
import type { StartedExecution } from '../contract/receipt.js';
import type { FailureDetails, UploadActivities, UploadEvidence } from '../contract/steps.js';

/** From a call that is answered at once to a file that takes an hour. In seconds. */
export const STEP_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600];

/** What a worker counts, beside what Temporal's SDK does. Uploads that have ended are counted in the workflow. */
export class WorkerMetrics {
  readonly #stepSeconds;
  readonly #retries;
  readonly #bytes;
  readonly #executions;
  readonly #logins;
  readonly #idleAborts;

  /** @param profiles the accounts, which are counted from 0 */
  constructor(meter: MetricMeter, profiles: Iterable<string>) {
    this.#stepSeconds = meter.createHistogram(
      'aplos_step_seconds',
      'float',
      undefined,
      'How long attempts of a step took, in seconds',
    );
    const counter = (name: string, description: string) => meter.createCounter(name, undefined, description);
    this.#retries = counter('aplos_retries', 'Attempts of a step that failed and are made again');
    this.#bytes = counter('aplos_uploaded_bytes', 'Bytes of files that S3 has taken');
    this.#executions = counter(
      'aplos_executions_started',
      'Executions that were started, or found to have been',
    );
    this.#logins = counter('aplos_logins', 'Logins at Cognito, and renewals of a token');
    this.#idleAborts = counter('aplos_idle_aborts', 'Uploads that were given up as no byte moved');

    // By this name, dashboards and alerts know a restart, after which counters begin from 0.
    meter
      .createGauge(
        'process_start_time_seconds',
        'float',
        undefined,
        'When this process started, in Unix time',
      )
      .set(performance.timeOrigin / 1000);
    this.#idleAborts.add(0);
    for (const profile of profiles) {
      this.#bytes.add(0, { profile });
      for (const settled_by of ['answer', 'list']) this.#executions.add(0, { profile, settled_by });
      this.recordLogin(profile, { method: 'password' }, 0);
    }
  }

  /** A login of an account, or a renewal of its token, that ended well or did not. */
  recordLogin(profile: string, { method, error }: Login, times = 1): void {
    const code = error === undefined ? '' : error instanceof UploadError ? error.code : 'INTERNAL';
    this.#logins.add(times, { profile, how: method, code });
  }

  /** Watches the activities of a worker. */
  readonly activityInterceptors: ActivityInterceptorsFactory = ({ info: { activityType, isLocal } }) =>
    isLocal ? {} : { inbound: this.#watching(activityType as keyof UploadActivities) };

  #watching(step: keyof UploadActivities): ActivityInboundCallsInterceptor {
    return {
      execute: async (input, next) => {
        const startedMs = performance.now();
        const ended = (result: string) =>
          this.#stepSeconds.record((performance.now() - startedMs) / 1000, { step, result });
        try {
          const result = await next(input);
          ended('done');
          this.#done(step, input.args[0], result);
          return result;
        } catch (error) {
          ended(error instanceof CancelledFailure ? 'cancelled' : 'failed');
          this.#failed(step, error);
          throw error;
        }
      },
    };
  }

  #done(step: keyof UploadActivities, input: unknown, result: unknown): void {
    if (step === 'uploadFile') {
      const { profile } = (input as Parameters<UploadActivities['uploadFile']>[0]).request;
      this.#bytes.add((result as UploadEvidence).sizeBytes, { profile });
    }
    if (step === 'startExecution') {
      const { profile } = input as Parameters<UploadActivities['startExecution']>[0];
      this.#executions.add(1, { profile, settled_by: (result as StartedExecution).origin });
    }
  }

  #failed(step: keyof UploadActivities, error: unknown): void {
    if (!(error instanceof ApplicationFailure)) return;
    const code = error.type ?? 'INTERNAL';
    const details = error.details?.[0] as FailureDetails | undefined;
    if (details?.remedy !== 'final') this.#retries.add(1, { step, code });
    if (isErrorCode(code) && errorTable[code].isIdleTimeout) this.#idleAborts.add(1);
  }
}
