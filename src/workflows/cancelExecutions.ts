import { defineWorkflowOptions } from '@temporalio/workflow';
import type { CancelledExecution } from '../contract/cancellation.js';
import { CANCEL_WORKFLOW_TYPE } from '../contract/names.js';
import { cancelExecution, checkCancellation, summaries } from './activities.js';
import { reasonOf, workflowFailure } from './failures.js';
import { undecodedArguments } from './undecoded-arguments.js';

/**
 * Cancels executions at Aplos, side by side. It is a workflow, as only workers have an account at Aplos, and as Aplos may be down
 * for a while. Starts nothing.
 *
 * @param input one `CancellationInput`, undecoded, so that a malformed argument fails the workflow instead of blocking it
 * @returns what became of each execution, in order
 * @throws ApplicationFailure with a code of the error table as its type
 */
export async function cancelExecutions(...input: unknown[]): Promise<readonly CancelledExecution[]> {
  try {
    const [{ executions, ...file }] = await checkCancellation(input[0], input.length);
    return await Promise.all(
      executions.map(async (execution): Promise<CancelledExecution> => {
        const { label } = execution;
        try {
          const [outcome] = await cancelExecution.executeWithOptions(
            { summary: summaries.cancelExecution(file, label) },
            [{ ...file, ...execution }],
          );
          return outcome;
        } catch (error) {
          return { ...execution, outcome: 'unknown', reason: reasonOf(error) };
        }
      }),
    );
  } catch (error) {
    throw workflowFailure(error, CANCEL_WORKFLOW_TYPE);
  }
}

defineWorkflowOptions(cancelExecutions, { staticOptions: undecodedArguments });
