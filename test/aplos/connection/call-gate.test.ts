import { describe, expect, it } from 'vitest';
import { CallGate } from '../../../src/aplos/connection/call-gate.js';
import type { HttpResponse } from '../../../src/http/call.js';

const answer = (status: number, headers: HttpResponse['headers'] = {}): HttpResponse => ({
  status,
  headers,
  text: '',
});

describe("the gate of a profile's calls", () => {
  it('lets five calls through at a time, and all of them in the end', async () => {
    const gate = new CallGate();
    let running = 0;
    let most = 0;
    const call = async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise(setImmediate);
      running -= 1;
      return answer(200);
    };
    const answers = await Promise.all(Array.from({ length: 40 }, () => gate.pass('ask', call)));
    expect(answers).toHaveLength(40);
    expect(most).toBe(5);
  });

  it('makes no call while the service asks for a pause, and says for how long', async () => {
    const gate = new CallGate();
    let calls = 0;
    const throttled = async () => {
      calls += 1;
      return answer(429, { 'retry-after': '60' });
    };
    expect((await gate.pass('ask', throttled)).status).toBe(429);
    const error = await gate.pass('ask again', throttled).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'API_THROTTLED', happened: expect.stringContaining('ask again') });
    expect((error as { retryAfterMs: number }).retryAfterMs).toBeGreaterThan(50_000);
    expect(calls).toBe(1);
  });

  it('stays open when the service throttles without saying for how long', async () => {
    const gate = new CallGate();
    await gate.pass('ask', async () => answer(429));
    expect(await gate.pass('ask', async () => answer(200))).toMatchObject({ status: 200 });
  });

  it('does not make a call that was aborted before its turn', async () => {
    const gate = new CallGate();
    const aborting = new AbortController();
    let made = 0;
    const slow = async () => {
      await new Promise(setImmediate);
      return answer(200);
    };
    const start = async () => {
      made += 1;
      return answer(200);
    };
    const before = Array.from({ length: 5 }, () => gate.pass('ask', slow));
    const waiting = gate.pass('start', start, aborting.signal);
    aborting.abort(new Error('too late'));
    await expect(waiting).rejects.toThrow('too late');
    await Promise.all(before);
    expect(made).toBe(0);
  });

  it('goes on after a call that failed', async () => {
    const gate = new CallGate();
    for (let failed = 0; failed < 10; failed++) {
      await expect(gate.pass('ask', () => Promise.reject(new Error('cut')))).rejects.toThrow('cut');
    }
    expect(await gate.pass('ask', async () => answer(200))).toMatchObject({ status: 200 });
  });
});
