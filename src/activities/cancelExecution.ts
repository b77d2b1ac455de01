import { cancellationSignal } from '@temporalio/activity';
import type { AplosApi, ExecutionRecord } from '../aplos/api.js';
import { isGone } from '../aplos/is-gone.js';
import type { CancelledExecution, ExecutionCancellationInput } from '../contract/cancellation.js';
import { UploadError } from '../contract/errors.js';
import { endOf } from '../contract/execution-status.js';
import { shortenText } from '../util/shorten-text.js';
import type { ActivityDependencies } from './dependencies.js';

/** Pause until the status is checked that follows a cancellation. */
const SETTLING_MS = 2_000;

/**
 * Cancels one execution, unless it has ended, and returns what became of it. Only the status tells whether a cancellation took
 * effect, so the attempt is retried until the execution has ended.
 */
export const cancelExecution =
  ({ api: apiOf }: Pick<ActivityDependencies, 'api'>) =>
  async (input: ExecutionCancellationInput): Promise<[CancelledExecution]> => {
    const api = apiOf(input.profile);
    const record = await findRecord(api, input.executionId);
    const outcome = outcomeOf(input, record);
    if (outcome) return [outcome];
    const refusal = await cancel(api, input.executionId);
    const after = await findRecord(api, input.executionId);
    const outcomeAfter = outcomeOf(input, after);
    if (outcomeAfter) return [outcomeAfter];
    if (refusal !== undefined) return [{ ...known(input, after), outcome: 'not-cancelled', reason: refusal }];
    throw new UploadError(
      'EXECUTION_PENDING',
      `Execution ${input.executionId} (${input.label}) of ${input.fileName} was asked to stop, and is still at work: ${after?.status}`,
      { retryAfterMs: SETTLING_MS },
    );
  };

/** Returns an execution, or `undefined` if Aplos no longer has it. */
const findRecord = (api: AplosApi, executionId: string): Promise<ExecutionRecord | undefined> =>
  api.execution(executionId, cancellationSignal()).catch((error: unknown) => {
    if (isGone(error)) return undefined;
    throw error;
  });

/** Returns what became of an execution that needs no cancellation. `undefined` if it is at work. */
function outcomeOf(
  input: ExecutionCancellationInput,
  record: ExecutionRecord | undefined,
): CancelledExecution | undefined {
  const end = record ? endOf(record.status) : 'gone';
  if (end === undefined) return undefined;
  if (end === 'gone')
    return { ...known(input, record), outcome: 'unknown', reason: 'Aplos no longer has it' };
  return { ...known(input, record), outcome: end === 'cancelled' ? 'cancelled' : 'ended' };
}

const known = (
  { executionId, label }: ExecutionCancellationInput,
  record: ExecutionRecord | undefined,
): Pick<CancelledExecution, 'executionId' | 'label' | 'status'> => ({
  executionId,
  label,
  ...(record ? { status: record.status } : {}),
});

/** Asks Aplos to cancel an execution. Returns why it does not, or `undefined`. */
async function cancel(api: AplosApi, executionId: string): Promise<string | undefined> {
  try {
    const isOffered = await api.cancelExecution(executionId, cancellationSignal());
    return isOffered
      ? undefined
      : 'version 1 of the Aplos API offers no cancellation; cancel it in Aplos NCA';
  } catch (error) {
    if (error instanceof UploadError && error.remedy === 'final' && error.code.startsWith('API_'))
      return shortenText(error.happened);
    throw error;
  }
}
