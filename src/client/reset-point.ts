import type proto from '@temporalio/proto';

/** Step that a replay starts from. The steps before it are kept. */
export type ReplayFrom = 'presign' | 'start';

/** An activity in the history of a run. */
export interface Step {
  readonly activity: string;
  /** `untrusted`: it has a result that no worker with the key wrote. */
  readonly state: 'completed' | 'untrusted' | 'unfinished';
  /** Workflow task to reset the run to, so that this activity and everything after it runs again. */
  readonly decidedBy: EventId;
}

type EventId = NonNullable<
  proto.temporal.api.history.v1.IActivityTaskScheduledEventAttributes['workflowTaskCompletedEventId']
>;

/**
 * Returns the step to resume with. Steps that were scheduled together, such as several starts, run again together;
 * executions that were already started are found. So do the steps that wait for the ends of executions: they run side by side, and
 * any of them may have failed first. A result that is not trusted must not remain in the history.
 */
export function resetPoint(steps: readonly Step[], from: ReplayFrom | undefined): Step | undefined {
  if (from === 'presign') return steps.find(({ activity }) => activity === 'presignUpload');
  if (from === 'start') return steps.findLast(({ activity }) => activity === 'startExecution');
  return stepToRepeat(steps.filter((step) => !isRecord(step))) ?? stepToRepeat(steps.filter(isRecord));
}

function stepToRepeat(steps: readonly Step[]): Step | undefined {
  const untrusted = steps.find(({ state }) => state === 'untrusted');
  if (untrusted) return untrusted;
  const last = steps.findLast(isUnfinished);
  return last && COMPLETION_STEPS.includes(last.activity)
    ? steps.find((step) => isUnfinished(step) && COMPLETION_STEPS.includes(step.activity))
    : last;
}

/** The record of a run is written after the step that failed, so it is where to resume only if nothing else is unfinished. */
const isRecord = ({ activity }: Step) => activity === 'writeRecord';
const isUnfinished = ({ state }: Step) => state === 'unfinished';

/** Steps that carry started executions to their end. */
const COMPLETION_STEPS: readonly string[] = ['awaitExecution', 'fetchResults'];
