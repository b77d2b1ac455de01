import type { DatedRecord } from './history.js';
import type { Execution } from './schemas.js';
import { trackingIdIn } from './work-name.js';

/** Returns an execution as the port describes it. */
export function toRecord(execution: Execution): DatedRecord {
  const { id, executionId = id ?? '', name, createdUtc, error, statusMessage, input } = execution;
  const trackingId = name ? trackingIdIn(name) : undefined;
  const errors = [...execution.errors, ...(typeof error === 'string' && error ? [error] : [])];
  const isDeleted = execution.lifecycleState?.toLowerCase() === 'deleted';
  const status = isDeleted ? 'deleted' : execution.status.toLowerCase();
  if (status === 'rejected' && errors.length === 0) errors.push(...textsOf(statusMessage));
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
    },
  };
}

/** Nothing was created before: an earlier time stands for none. */
const EARLIEST_MS = Date.UTC(2000, 0);
/** A number below is in seconds: in milliseconds it would be a time before 1974. */
const MAX_SECONDS = 1e11;

/** Returns a time in milliseconds since 1970; `undefined` if it is none. A time without a zone is in UTC. */
function timeOf(value: string | number | null | undefined): number | undefined {
  const text = `${value ?? ''}`.trim();
  const number = /^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
  const isInUtc = /^\d{4}-\d\d-\d\d[T ][\d:.]+$/.test(text);
  const ms =
    number === undefined
      ? Date.parse(isInUtc ? `${text.replace(' ', 'T')}Z` : text)
      : number * (number < MAX_SECONDS ? 1000 : 1);
  return ms >= EARLIEST_MS && /\d{4}/.test(text) ? ms : undefined;
}

/** Returns the texts that are not empty. */
export const textsOf = (...texts: readonly (string | null | undefined)[]): string[] =>
  texts.flatMap((text) => (text ? [text] : []));
