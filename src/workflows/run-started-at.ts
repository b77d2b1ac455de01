import { workflowInfo } from '@temporalio/workflow';

/** Returns when this run was started: ISO 8601, UTC, by Temporal's clock. */
export const runStartedAt = (): string => workflowInfo().runStartTime.toISOString();
