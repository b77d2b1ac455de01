import { activityInfo, cancellationSignal } from '@temporalio/activity';
import type { ExecutionRecord } from '../aplos/api.js';
import { isGone } from '../aplos/is-gone.js';
import type { ErrorCode } from '../contract/error-table.js';
import { UploadError } from '../contract/errors.js';
import { type ExecutionProgress, executionProgressText } from '../contract/execution-progress.js';
import { type ExecutionEnd, endOf } from '../contract/execution-status.js';
import type { Completion } from '../contract/receipt.js';
import type { AwaitInput } from '../contract/steps.js';
import { shortenText } from '../util/shorten-text.js';
import type { ActivityDependencies } from './dependencies.js';
import { growingPauseMs } from './growing-pause.js';
import { ageMs } from './step-age.js';

const FIRST_PAUSE_MS = 1_000;
/** Up to this pause, the pause is as long as the step has waited. */
const SHORT_PAUSE_MS = 5_000;

/**
 * Checks once whether an execution has ended. If it is at work, the attempt fails, so that Temporal retries it later: nothing
 * is held meanwhile, and a long execution leaves no events in the history.
 */
export const awaitExecution =
  ({ checks }: Pick<ActivityDependencies, 'checks'>) =>
  async ({ profile, fileName, label, executionId }: AwaitInput): Promise<Completion> => {
    const what = `Execution ${executionId} (${label}) of ${fileName}`;
    const record = await checks(profile)
      .check(executionId, { pauseMs: pauseMs(), signal: cancellationSignal() })
      .catch((error: unknown) => {
        throw isGone(error) ? gone(what, error) : error;
      });
    const end = endOf(record.status);
    if (end === undefined) throw pending(what, label, record);
    if (end === 'gone') throw gone(what);
    if (end === 'succeeded') return completionOf(record);
    throw ended(what, end, record);
  };

const gone = (what: string, cause?: UploadError) =>
  new UploadError('EXECUTION_GONE', `${what} is no longer at Aplos`, { cause });

function pending(
  what: string,
  label: string,
  { executionId, status, report = {} }: ExecutionRecord,
): UploadError {
  const { phase, completedPhases, totalPhases, percent, warnings = [] } = report;
  const progress: ExecutionProgress = {
    executionId,
    label,
    status,
    ...(phase === undefined ? {} : { phase }),
    ...(completedPhases === undefined ? {} : { completedPhases }),
    ...(totalPhases === undefined ? {} : { totalPhases }),
    ...(percent === undefined ? {} : { percent }),
    ...(warnings.length > 0 ? { warnings: shortenText(warnings.join('; ')) } : {}),
  };
  return new UploadError('EXECUTION_PENDING', `${what} is at work: ${executionProgressText(progress)}`, {
    retryAfterMs: pauseMs(),
    details: { ...progress },
  });
}

/** Returns the pause before the next check. The last check is right before the step times out. */
function pauseMs(): number {
  const waitedMs = ageMs();
  const shortMs = Math.max(FIRST_PAUSE_MS, Math.min(SHORT_PAUSE_MS, waitedMs));
  const pause = growingPauseMs(shortMs);
  const restMs = activityInfo().scheduleToCloseTimeoutMs - waitedMs - LAST_CHECK_MS;
  return Math.round(restMs > 0 ? Math.min(pause, restMs) : pause);
}

/** How long before the time limit the last check begins, in milliseconds. */
const LAST_CHECK_MS = 2_000;

const codes: Readonly<Record<Exclude<ExecutionEnd, 'succeeded' | 'gone'>, ErrorCode>> = {
  failed: 'EXECUTION_FAILED',
  cancelled: 'EXECUTION_CANCELLED',
  'timed-out': 'EXECUTION_TIMED_OUT',
  rejected: 'EXECUTION_REJECTED',
};

function ended(what: string, end: keyof typeof codes, { executionId, status, errors }: ExecutionRecord) {
  const reason = errors.length > 0 ? shortenText(errors.join('; ')) : 'Aplos gave no reason';
  const words = end === 'failed' ? 'failed at Aplos, and is not charged' : `ended as "${status}"`;
  return new UploadError(codes[end], `${what} ${words}: ${reason}`, { details: { executionId, status } });
}

function completionOf({ status, report = {} }: ExecutionRecord): Completion {
  const { completedAt, seconds, warnings = [], engineVersions } = report;
  return {
    status,
    ...(completedAt === undefined ? {} : { completedAt }),
    ...(seconds === undefined ? {} : { seconds }),
    ...(warnings.length > 0 ? { warnings } : {}),
    ...(engineVersions === undefined ? {} : { engineVersions }),
  };
}
