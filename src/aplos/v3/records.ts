import { readReport } from '../execution-report.js';
import { timeOf } from '../time-of.js';
import type { DatedRecord } from './history.js';
import type { Execution } from './schemas.js';
import { trackingIdIn } from './work-name.js';

/**
 * Returns an execution as the port describes it.
 *
 * @param hasReport whether the record gets a report. Default: `false`
 */
export function toRecord(execution: Execution, hasReport = false): DatedRecord {
  const { id, executionId = id ?? '', name, createdUtc, error, statusMessage, input } = execution;
  const trackingId = name ? trackingIdIn(name) : undefined;
  const errors = [...execution.errors, ...(typeof error === 'string' && error ? [error] : [])];
  const isDeleted = execution.lifecycleState?.toLowerCase() === 'deleted';
  const status = isDeleted ? 'deleted' : execution.status.toLowerCase();
  if (REASON_IN_MESSAGE.includes(status) && errors.length === 0) errors.push(...textsOf(statusMessage));
  const requestedAt = typeof createdUtc === 'string' ? { requestedAt: createdUtc } : {};
  return {
    createdMs: timeOf(createdUtc),
    record: {
      executionId: id ?? executionId,
      status,
      errors,
      hasMarks: name === undefined ? undefined : name !== null && name !== '',
      ...(input?.fileId ? { fileId: input.fileId } : {}),
      ...(trackingId === undefined ? {} : { work: { trackingId, ...requestedAt } }),
      ...(hasReport ? { report: reportOf(execution) } : {}),
    },
  };
}

/** Final statuses whose reason may stand in the message alone. */
const REASON_IN_MESSAGE: readonly string[] = ['rejected', 'failed', 'cancelled', 'canceled', 'timed_out'];

function reportOf({ currentPhase, progress, warnings, completedUtc, durationMs, engineVersions }: Execution) {
  const seconds = typeof durationMs === 'number' ? durationMs / 1000 : undefined;
  return readReport({
    phase: currentPhase,
    progress,
    warnings,
    completedAt: completedUtc,
    seconds,
    engineVersions,
  });
}

/** Returns the texts that are not empty. */
export const textsOf = (...texts: readonly (string | null | undefined)[]): string[] =>
  texts.flatMap((text) => (text ? [text] : []));
