import type { DatedRecord } from './history.js';
import type { Execution } from './schemas.js';
import { trackingIdIn } from './work-name.js';

/** Returns an execution as the port describes it. */
export function toRecord(execution: Execution): DatedRecord {
  const { id, executionId = id ?? '', name, createdUtc, error, statusMessage } = execution;
  const trackingId = name ? trackingIdIn(name) : undefined;
  const created = typeof createdUtc === 'number' ? createdUtc : Date.parse(createdUtc ?? '');
  const createdMs = Number.isNaN(created) ? undefined : created;
  const errors = [...execution.errors, ...(typeof error === 'string' && error ? [error] : [])];
  const status = execution.status.toLowerCase();
  if (status === 'rejected' && errors.length === 0) errors.push(...textsOf(statusMessage));
  const requestedAt = typeof createdUtc === 'string' ? { requestedAt: createdUtc } : {};
  return {
    createdMs,
    record: {
      executionId: id ?? executionId,
      status,
      errors,
      hasMarks: name === undefined ? undefined : name !== null && name !== '',
      ...(trackingId === undefined ? {} : { work: { trackingId, ...requestedAt } }),
    },
  };
}

/** Returns the texts that are not empty. */
export const textsOf = (...texts: readonly (string | null | undefined)[]): string[] =>
  texts.flatMap((text) => (text ? [text] : []));
