import { describe, expect, it } from 'vitest';
import { type ErrorCode, errorTable, isErrorCode, UploadError } from '../../src/contract/errors.js';

const rows = Object.entries(errorTable) as [ErrorCode, (typeof errorTable)[ErrorCode]][];

describe('the error table', () => {
  it.each(rows)('says of %s what it means and what to do, in whole sentences', (code, row) => {
    expect(code).toMatch(/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/);
    expect(row.meaning).toMatch(/^[A-Z].{10,}\.$/);
    expect(row.action).toMatch(/^[A-Z].{10,}\.$/);
    expect(['retry', 'presign-again', 'final']).toContain(row.remedy);
  });

  it.each(rows)('gives %s a line to be printed: what happened, then what to do', (code, { action }) => {
    expect(new UploadError(code, 'This happened to pk.csv').message).toBe(
      `This happened to pk.csv. ${action}`,
    );
  });

  it('fits into tables: nothing in it breaks a cell', () => {
    expect(JSON.stringify(errorTable)).not.toMatch(/\||\\n/);
  });

  it('knows its own codes only', () => {
    expect(rows.every(([code]) => isErrorCode(code))).toBe(true);
    for (const other of ['NOTHING', 'toString', '', undefined, 7]) expect(isErrorCode(other)).toBe(false);
  });
});

describe('an UploadError', () => {
  it('can be tried again only where the table says so', () => {
    const retryable = rows.filter(([code]) => new UploadError(code, 'x').retryable).map(([code]) => code);
    expect(retryable).toEqual(rows.filter(([, { remedy }]) => remedy === 'retry').map(([code]) => code));
    expect(retryable.length).toBeGreaterThan(0);
    expect(retryable.length).toBeLessThan(rows.length);
  });

  it('says what to do in other words where those of the table are too general', () => {
    const error = new UploadError('SETTINGS_INVALID', 'X is not set', { action: 'Set X.' });
    expect(error.message).toBe('X is not set. Set X.');
    expect(error.happened).toBe('X is not set');
  });

  it('ends what happened with one full stop, also where the service has set its own', () => {
    expect(new UploadError('API_REFUSED', 'Not so.', { action: 'Do so.' }).message).toBe('Not so. Do so.');
  });

  it('keeps the cause, the facts and the time to wait', () => {
    const cause = new Error('below');
    const error = new UploadError('API_THROTTLED', 'x', { cause, details: { status: 429 }, retryAfterMs: 5 });
    expect(error).toMatchObject({ cause, details: { status: 429 }, retryAfterMs: 5, name: 'UploadError' });
    expect(new UploadError('INTERNAL', 'x')).not.toHaveProperty('cause');
  });
});
