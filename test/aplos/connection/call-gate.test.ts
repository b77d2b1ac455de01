import { describe, expect, it } from 'vitest';
import { CallGate } from '../../../src/aplos/connection/call-gate.js';
import type { HttpResponse } from '../../../src/http/call.js';

const responseWith = (status: number, headers: HttpResponse['headers'] = {}): HttpResponse => ({
  status,
  headers,
  text: '',
});

describe('CallGate', () => {
  it('makes all calls, at most five at a time', async () => {
    const gate = new CallGate();
    let running = 0;
    let maxRunning = 0;
    const call = async () => {
      running += 1;
      maxRunning = Math.max(maxRunning, running);
      await new Promise(setImmediate);
      running -= 1;
      return responseWith(200);
    };
    const responses = await Promise.all(Array.from({ length: 40 }, () => gate.pass('list', call)));
    expect(responses).toHaveLength(40);
    expect(maxRunning).toBe(5);
  });

  it('waits for the end of a short pause, then makes the calls that waited', async () => {
    const gate = new CallGate();
    const closedAt = Date.now();
    await gate.pass('list', async () => responseWith(429, { 'retry-after': '1' }));
    const waited = await Promise.all(
      Array.from({ length: 12 }, () =>
        gate.pass('list', async () => responseWith(200)).then(() => Date.now() - closedAt),
      ),
    );
    expect(Math.min(...waited)).toBeGreaterThanOrEqual(999);
  });

  it('stops waiting for the end of a pause when aborted', async () => {
    const gate = new CallGate();
    const aborting = new AbortController();
    await gate.pass('list', async () => responseWith(429, { 'retry-after': '30' }));
    const waiting = gate.pass('start', () => expect.fail('It was called'), aborting.signal);
    aborting.abort(new Error('cancelled'));
    await expect(waiting).rejects.toThrow('cancelled');
  });

  it('throws with the remaining delay, without making the call, while Aplos asks for a long pause', async () => {
    const gate = new CallGate();
    let calls = 0;
    const throttled = async () => {
      calls += 1;
      return responseWith(429, { 'retry-after': '90' });
    };
    expect((await gate.pass('list', throttled)).status).toBe(429);
    const error = await gate.pass('list again', throttled).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'API_THROTTLED', happened: expect.stringContaining('list again') });
    expect((error as { retryAfterMs: number }).retryAfterMs).toBeGreaterThan(80_000);
    expect(calls).toBe(1);
  });

  it('stays open after a 429 without Retry-After', async () => {
    const gate = new CallGate();
    await gate.pass('list', async () => responseWith(429));
    expect(await gate.pass('list', async () => responseWith(200))).toMatchObject({ status: 200 });
  });

  it('does not make a call that was aborted while it waited', async () => {
    const gate = new CallGate();
    const aborting = new AbortController();
    let starts = 0;
    const slow = async () => {
      await new Promise(setImmediate);
      return responseWith(200);
    };
    const start = async () => {
      starts += 1;
      return responseWith(200);
    };
    const earlier = Array.from({ length: 5 }, () => gate.pass('list', slow));
    const waiting = gate.pass('start', start, aborting.signal);
    aborting.abort(new Error('too late'));
    await expect(waiting).rejects.toThrow('too late');
    await Promise.all(earlier);
    expect(starts).toBe(0);
  });

  it('makes further calls after a failed one', async () => {
    const gate = new CallGate();
    for (let failed = 0; failed < 10; failed++) {
      await expect(gate.pass('list', () => Promise.reject(new Error('cut')))).rejects.toThrow('cut');
    }
    expect(await gate.pass('list', async () => responseWith(200))).toMatchObject({ status: 200 });
  });
});
