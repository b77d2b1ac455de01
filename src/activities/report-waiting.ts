import { START_WAITS_SIGNAL, type WaitingStart } from '../contract/waiting-start.js';
import { signalOwnRun } from './signal-own-run.js';

/**
 * Signals the workflow that one of its starts waits until Aplos takes more executions: a workflow does not see the attempts of its
 * activities.
 *
 * @throws Error if Temporal does not respond, or the run has closed
 */
export const reportWaiting = (start: WaitingStart): Promise<void> => signalOwnRun(START_WAITS_SIGNAL, start);
