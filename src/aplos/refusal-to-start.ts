import { UploadError } from '../contract/errors.js';

/** Matches words about the subscription's allocation. */
const ALLOCATION = /allocation|quota|no executions? (left|remaining)/i;
/** Matches words about a limit that passes with time. A limit of quantification or of a dose is none. */
const LIMIT = new RegExp(
  [
    'too many (executions|analyses|requests|submissions)',
    'rate[ _-]?limit|throttl',
    '(hourly|daily) (execution |analysis |submission )?limit',
    '\\b(concurren\\w*|parallel|simultaneous|executions?|analyses|submissions?)\\b[^.;]{0,40}\\blimit',
    '\\blimit\\b[^.;]{0,40}\\b(concurren\\w*|parallel|simultaneous|executions?|analyses|submissions?)\\b',
    'seconds between submissions',
  ].join('|'),
  'i',
);

/** Codes of errors that may report a limit, in words. */
const MAY_REPORT_LIMIT: readonly string[] = ['API_REFUSED', 'API_FORBIDDEN', 'EXECUTION_REJECTED'];

/**
 * Translates the error of a call that starts an execution: `ALLOCATION_EXHAUSTED`, `EXECUTIONS_LIMITED` or `EXECUTION_REFUSED` if
 * that is what Aplos reported. Returns other errors unchanged.
 */
export function asRefusalToStart(error: unknown): unknown {
  if (!(error instanceof UploadError)) return error;
  const { code, happened, details, retryAfterMs } = error;
  const isThrottled = code === 'API_THROTTLED' && details?.status !== undefined;
  if (!isThrottled && !MAY_REPORT_LIMIT.includes(code)) return error;
  const reason = reasonIn(happened);
  if (details?.status === 402 || ALLOCATION.test(reason))
    return new UploadError('ALLOCATION_EXHAUSTED', happened, { details });
  if (isThrottled || (details?.serviceCode !== 'VALIDATION_ERROR' && LIMIT.test(reason)))
    return new UploadError('EXECUTIONS_LIMITED', `${NO_MORE} (${reason})`, {
      details,
      retryAfterMs,
    });
  return code === 'API_REFUSED' ? new UploadError('EXECUTION_REFUSED', happened, { details }) : error;
}

const NO_MORE = 'Aplos takes no more executions at present';

/** Returns what Aplos said, without what was called: other starts quote it. */
const reasonIn = (happened: string): string =>
  /: the Aplos API returned (.+)$/s.exec(happened)?.[1] ??
  happened.replace(/^Aplos rejected execution [^ ]+: /, '');
