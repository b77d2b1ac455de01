import type { Client } from '@temporalio/client';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Outage, OutageWaits } from '../../src/client/outages.js';
import { UploadError } from '../../src/contract/errors.js';

const away = new UploadError('TEMPORAL_UNREACHABLE', 'Cannot reach Temporal');

/** Waits for a Temporal server that is away for this long, and what was reported. */
function waitsFor(awayMs: number, limitMs = 3_600_000) {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const endsAt = performance.now() + awayMs;
  const reports: (Outage | undefined)[] = [];
  const call = vi.fn(async () => {
    if (performance.now() < endsAt) throw away;
    return 'receipt';
  });
  const waits = new OutageWaits({
    limitMs,
    onOutage: (outage) => reports.push(outage),
    workflow: { getHandle: () => ({ describe: call }) } as unknown as Client['workflow'],
    translate: (error) => error as UploadError,
  });
  return { waits, call, reports };
}

describe('OutageWaits', () => {
  it('repeats a call after an outage, and reports its beginning and its end once', async () => {
    const { waits, call, reports } = waitsFor(25_000);
    const since = new Date();
    const all = Promise.all(Array.from({ length: 60 }, () => waits.retry(call)));
    await vi.advanceTimersByTimeAsync(30_000);
    expect(await all).toEqual(Array.from({ length: 60 }, () => 'receipt'));
    expect(reports).toEqual([{ error: away, since }, undefined]);
  });

  it('throws other errors at once', async () => {
    const { waits, reports } = waitsFor(0);
    const failed = new UploadError('FILE_INVALID', 'x');
    await expect(waits.retry(() => Promise.reject(failed))).rejects.toBe(failed);
    expect(reports).toEqual([]);
  });

  it('says that the uploads continue if the outage exceeds the limit', async () => {
    const { waits, call } = waitsFor(Number.POSITIVE_INFINITY, 60_000);
    const wait = waits.retry(call);
    const expectation = expect(wait).rejects.toMatchObject({
      code: 'TEMPORAL_UNREACHABLE',
      message: expect.stringMatching(
        /The wait ended after 1m, but the uploads continue\. .*To wait for the uploads again/,
      ),
    });
    await vi.advanceTimersByTimeAsync(62_000);
    await expectation;
  });

  it('does not wait if the limit is 0', async () => {
    const { waits, call, reports } = waitsFor(1_000, 0);
    await expect(waits.retry(call)).rejects.toBe(away);
    expect(reports).toEqual([]);
  });

  it('ends all waits when it is closed', async () => {
    const { waits, call } = waitsFor(Number.POSITIVE_INFINITY);
    const expectation = expect(waits.retry(call)).rejects.toBe(away);
    await vi.advanceTimersByTimeAsync(5_000);
    waits.close();
    await vi.advanceTimersByTimeAsync(1_000);
    await expectation;
    await expect(waits.retry(call)).rejects.toBe(away);
  });
});
