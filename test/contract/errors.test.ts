import { describe, expect, it } from 'vitest';
import { withNextCommand } from '../../src/contract/error-table.js';
import {
  type ErrorCode,
  type ErrorRow,
  errorTable,
  isErrorCode,
  isReplayable,
  UploadError,
  withoutReplayHint,
  withReplayHint,
} from '../../src/contract/errors.js';

const rows = Object.entries(errorTable) as [ErrorCode, ErrorRow][];
const codesWhere = (matches: (row: ErrorRow) => boolean): ErrorCode[] =>
  rows.filter(([, row]) => matches(row)).map(([code]) => code);

describe('the error table', () => {
  it.each(rows)('describes %s and what to do in whole sentences', { tags: ['REQ-28'] }, (code, row) => {
    expect(code).toMatch(/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/);
    expect(row.meaning).toMatch(/^[A-Z].{10,}\.$/);
    expect(row.action).toMatch(/^[A-Z].{10,}\.$/);
    expect(['retry', 'retry-briefly', 'presign-again', 'final']).toContain(row.remedy);
    expect(['caller', 'service', 'settings', 'program']).toContain(row.fault);
  });

  it.each(rows)('gives %s a one-line message: what happened, then what to do', (code, { action }) => {
    expect(new UploadError(code, 'This happened to pk.csv').message).toBe(
      `This happened to pk.csv. ${action}`,
    );
  });

  it('contains no text that breaks a line', () => {
    expect(JSON.stringify(errorTable)).not.toMatch(/\||\\n/);
  });

  it('recognizes its own codes only', () => {
    expect(rows.every(([code]) => isErrorCode(code))).toBe(true);
    for (const other of ['NOTHING', 'toString', '', undefined, 7]) expect(isErrorCode(other)).toBe(false);
  });

  it('advises a replay only for an upload that failed, because others started nothing', () => {
    for (const [code, { action, meaning }] of rows) {
      expect(`${meaning} ${action}`).not.toMatch(/replay/i);
      expect(withReplayHint(code, 'x.')).toBe(isReplayable(code) ? 'x. Then replay the upload.' : 'x.');
    }
  });

  it.each(rows)('lets the message of %s end with a command, which can be removed again', (code) => {
    const command = "aplos-upload replay 'a b'";
    const message = withNextCommand(withReplayHint(code, 'x.'), command);
    expect(message).toBe(isReplayable(code) ? `x. Then replay the upload: ${command}` : `x. Run: ${command}`);
    expect(withoutReplayHint(message)).toBe('x.');
    expect(withoutReplayHint(withReplayHint(code, 'x.'))).toBe('x.');
  });

  it('lets a replay skip what would fail again: faults of the file or the request, as a rule', () => {
    expect(codesWhere(({ fault, afterFix }) => fault === 'caller' && afterFix !== 'upload')).toEqual([
      'PROFILE_UNKNOWN',
      'CANCELLED',
      'TERMINATED',
      'SOURCE_FORBIDDEN',
      'SOURCE_REFUSED',
      'FILE_NOT_FOUND',
      'FILE_OUTSIDE_ROOTS',
      'API_DELETED',
      'EXECUTION_REFUSED',
      'EXECUTION_REJECTED',
      'EXECUTION_FAILED',
      'SECTION_UNSUPPORTED',
      'ALLOCATION_EXHAUSTED',
      'RESULTS_EXIST',
    ]);
    expect(codesWhere(({ fault, afterFix }) => fault !== 'caller' && afterFix === 'upload')).toEqual([]);
    for (const code of ['FILE_INVALID', 'REQUEST_INVALID', 'EXECUTION_REFUSED', 'START_UNSETTLED'] as const)
      expect(isReplayable(code)).toBe(false);
  });

  it('says which starts may have taken effect: those without a clear response', () => {
    expect(codesWhere((row) => row.mayHaveStarted)).toEqual([
      'PAYLOAD_UNTRUSTED',
      'API_UNREACHABLE',
      'API_UNAVAILABLE',
      'API_ANSWER_BROKEN',
      'API_ANSWER_UNEXPECTED',
      'START_UNSETTLED',
      'STEP_TIMED_OUT',
      'INTERNAL',
    ]);
  });

  it('says that a throttled or refused start did not take effect', () => {
    const refused = ['API_THROTTLED', 'API_REFUSED', 'EXECUTION_REFUSED', 'ALLOCATION_EXHAUSTED'] as const;
    for (const code of refused) expect(errorTable[code].mayHaveStarted).toBe(false);
  });

  it('gives exit code 2 to errors that are found before anything is started', () => {
    expect(codesWhere((row) => row.exitCode === 2)).toEqual([
      'REQUEST_INVALID',
      'SETTINGS_INVALID',
      'STATE_FILE_UNWRITABLE',
      'STATE_FILE_INVALID',
      'PROFILE_UNKNOWN',
      'ALLOCATION_TOO_SMALL',
    ]);
  });

  it('says which errors stop every upload of a folder watch', () => {
    expect(codesWhere((row) => row.outageOf === 'temporal')).toEqual([
      'TEMPORAL_UNREACHABLE',
      'TEMPORAL_UNAVAILABLE',
      'TEMPORAL_ACCESS_DENIED',
      'NAMESPACE_UNKNOWN',
      'SEARCH_ATTRIBUTES_MISSING',
      'SEARCH_ATTRIBUTES_MISMATCHED',
    ]);
    expect(codesWhere((row) => row.outageOf === 'state-file')).toEqual(['STATE_FILE_UNWRITABLE']);
  });

  it('says which errors come from an idle timeout', () => {
    expect(codesWhere((row) => row.isIdleTimeout)).toEqual(['FILE_READ_STALLED', 'S3_STALLED']);
  });

  it('says which errors may mean that Aplos does not offer a call', () => {
    expect(codesWhere((row) => row.callMayNotExist)).toEqual([
      'API_FORBIDDEN',
      'API_NOT_FOUND',
      'API_DELETED',
      'API_ANSWER_UNEXPECTED',
    ]);
  });
});

describe('UploadError', () => {
  it('is retryable only if the table says so', () => {
    const retryable = rows.filter(([code]) => new UploadError(code, 'x').retryable).map(([code]) => code);
    expect(retryable).toEqual(codesWhere(({ remedy }) => remedy === 'retry'));
    expect(retryable.length).toBeGreaterThan(0);
    expect(retryable.length).toBeLessThan(rows.length);
  });

  it('reports whether the execution may have started, as the table does', () => {
    for (const [code, { mayHaveStarted }] of rows)
      expect(new UploadError(code, 'x').mayHaveStarted).toBe(mayHaveStarted);
  });

  it('replaces the action of the table with its own', () => {
    const error = new UploadError('SETTINGS_INVALID', 'X is not set', { action: 'Set X.' });
    expect(error.message).toBe('X is not set. Set X.');
    expect(error.happened).toBe('X is not set');
  });

  it('puts one full stop after what happened, even if the text already ends with one', () => {
    expect(new UploadError('API_REFUSED', 'Not so.', { action: 'Do so.' }).message).toBe('Not so. Do so.');
  });

  it('keeps the cause, the details and the delay before the next attempt', () => {
    const cause = new Error('below');
    const error = new UploadError('API_THROTTLED', 'x', { cause, details: { status: 429 }, retryAfterMs: 5 });
    expect(error).toMatchObject({ cause, details: { status: 429 }, retryAfterMs: 5, name: 'UploadError' });
    expect(new UploadError('INTERNAL', 'x')).not.toHaveProperty('cause');
  });
});
