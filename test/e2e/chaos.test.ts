import { beforeAll, describe, expect, it } from 'vitest';
import { type ChaosResult, holds, resultText, rowsOf } from '../../bench/chaos/result.js';
import { runChaos } from '../../bench/chaos/run.js';
import { secretsIn } from '../../bench/chaos/secrets.js';

const FILES = 12;
/** Faults stop after this time, to keep the test short. */
const FAULT_MINUTES = 0.25;

describe('a chaos run', () => {
  let result: ChaosResult;

  beforeAll(async () => {
    result = await runChaos({
      files: FILES,
      seed: 4,
      minutes: FAULT_MINUTES,
      kills: { pauseSeconds: [1, 2], atMost: 2 },
      freezes: { pauseSeconds: [3, 4], forSeconds: [2, 4], atMost: 1 },
      outage: { afterSeconds: 2, forSeconds: 3 },
      listLag: { seconds: 4, expectedSeconds: 8 },
    });
  }, 10 * 60_000);

  it('uploads every file, starts every execution once, damages no byte and discloses no secret', {
    tags: ['REQ-01', 'REQ-06', 'REQ-11', 'REQ-22'],
  }, () => {
    expect(
      rowsOf(result).filter((row) => !holds(row)),
      resultText(result),
    ).toEqual([]);
    expect(result).toMatchObject({ filesDone: FILES, duplicates: 0, lost: 0, bytesDifferent: 0 });
    expect(result.executionsStarted).toBeGreaterThan(FILES);
  });

  it('really injects faults, kills and suspends workers, stops S3, and asks for files again', () => {
    expect(result).toMatchObject({ kills: 2, freezes: 1 });
    expect(result.outageSeconds).toBeGreaterThan(2);
    expect(Math.min(...Object.values(result.repeats))).toBeGreaterThan(0);
    expect(result.executionsFound).toBeGreaterThan(0);
    expect(result.callsWithFault).toBeGreaterThan(0);
    expect(result.attempts).toBeGreaterThan(result.steps);
  });
});

describe('secretsIn', () => {
  const secrets = ['Sandbox-only-1', 'eyJhbGciOi.first', 'eyJhbGciOi.second'];

  it.each([
    ['at the start', 'Sandbox-only-1 and more', ['Sandbox-only-1']],
    ['in the middle, among secrets with the same start', 'x eyJhbGciOi.second x', ['eyJhbGciOi.second']],
    ['at the end', 'password=Sandbox-only-1', ['Sandbox-only-1']],
    ['only if it is complete', 'Sandbox-only- eyJhbGciOi.', []],
    ['nowhere in bytes that are too short', 'eyJ', []],
  ])('finds a secret %s', (_where, text, found) => {
    expect([...secretsIn(Buffer.from(text), secrets)]).toEqual(found);
  });
});
