import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StartGate } from '../../src/aplos/start-gate.js';
import { UploadError } from '../../src/contract/errors.js';

const SINGLE = 1;
const BATCH = 3;
const CALL_MS = 300;

/** A stand-in for Aplos that takes a limited number of executions at a time and in a period. */
interface Limits {
  readonly concurrent?: number;
  readonly durationMs?: number;
  readonly perHour?: number;
  readonly minIntervalMs?: number;
}

interface Start {
  readonly name: string;
  readonly priorityKey: number;
  readonly fairnessKey?: string;
  readonly arrivesMs: number;
}

interface Event {
  readonly atMs: number;
  readonly priorityKey: number;
  run(): void;
}

/** Simulates Temporal, its workers and Aplos until every start was accepted. */
function simulate(starts: readonly Start[], limits: Limits, workers = 1, hours = 1_000) {
  const { concurrent = Infinity, durationMs = 60_000, perHour = Infinity, minIntervalMs = 0 } = limits;
  const gates = Array.from({ length: workers }, () => new StartGate());
  const accepted: { name: string; atMs: number }[] = [];
  const events: Event[] = [];
  const counts = { refused: 0, attempts: 0, asked: 0 };
  const beganMs = performance.now();
  const nowMs = () => performance.now() - beganMs;
  const takes = () => {
    const within = (ms: number) =>
      accepted.length - 1 - accepted.findLastIndex(({ atMs }) => atMs <= nowMs() - ms);
    return (
      within(durationMs) < concurrent &&
      within(3_600_000) < perHour &&
      (minIntervalMs === 0 || within(minIntervalMs) === 0)
    );
  };
  const attempt = (start: Start, index: number) => {
    counts.attempts++;
    const gate = gates[(index + counts.attempts) % workers] ?? new StartGate();
    const again = (error: unknown) => {
      if (!(error instanceof UploadError) || !error.retryable) throw error;
      schedule(nowMs() + (error.retryAfterMs ?? 0) + 5, start.priorityKey, () => attempt(start, index));
    };
    try {
      const { name, priorityKey, fairnessKey = 'f', arrivesMs } = start;
      const pass = gate.enter({ key: name, priorityKey, fairnessKey, sinceMs: arrivesMs });
      schedule(nowMs() + CALL_MS, start.priorityKey, () => {
        try {
          pass.assertOpen();
          counts.asked++;
          if (takes()) {
            accepted.push({ name, atMs: nowMs() });
            pass.accepted();
          } else {
            counts.refused++;
            again(pass.refused(new UploadError('EXECUTIONS_LIMITED', 'No more')));
          }
        } catch (error) {
          again(error);
        } finally {
          pass.end();
        }
      });
    } catch (error) {
      again(error);
    }
  };
  const schedule = (atMs: number, priorityKey: number, run: () => void) => {
    const index = events.findLastIndex(
      (each) => each.atMs > atMs || (each.atMs === atMs && each.priorityKey > priorityKey),
    );
    events.splice(index + 1, 0, { atMs, priorityKey, run });
  };
  starts.forEach((start, index) => {
    schedule(start.arrivesMs, start.priorityKey, () => attempt(start, index));
  });
  while (accepted.length < starts.length && nowMs() < hours * 3_600_000) {
    const next = events.pop(); // the earliest is the last
    if (!next) break;
    vi.advanceTimersByTime(Math.max(0, next.atMs - nowMs()));
    next.run();
  }
  return { accepted, ...counts, tookMs: nowMs() };
}

const batchOf = (size: number, fairnessKey = 'f'): Start[] =>
  Array.from({ length: size }, (_, index) => ({
    name: `${fairnessKey}-${index}`,
    priorityKey: BATCH,
    fairnessKey,
    arrivesMs: index * 20,
  }));

describe('StartGate', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each<[files: number, workers: number, limits: Limits, maxHours: number]>([
    [300, 1, { concurrent: 5, durationMs: 600 }, 0.05],
    [300, 1, { concurrent: 5, durationMs: 60_000 }, 1.7],
    [300, 3, { concurrent: 5, durationMs: 60_000 }, 1.8],
    [100, 2, { concurrent: 1, durationMs: 60_000 }, 4],
    [50, 1, { minIntervalMs: 5_000 }, 0.15],
    [300, 2, { concurrent: 5, durationMs: 60_000, perHour: 100 }, 4],
    [10, 1, { concurrent: 5, durationMs: 60_000 }, 0.05],
  ])(
    'starts %i files with %i workers although Aplos takes %j, and fewer than two starts are refused for each',
    (files, workers, limits, maxHours) => {
      const { accepted, refused, attempts, tookMs } = simulate(batchOf(files), limits, workers);
      expect(new Set(accepted.map(({ name }) => name)).size).toBe(files);
      expect(refused).toBeLessThan(1.2 * files);
      expect(attempts).toBeLessThan(100 * files);
      expect(tookMs / 3_600_000).toBeLessThan(maxHours);
    },
  );

  it('starts a single upload next, although a batch waits', () => {
    const single = { name: 'single', priorityKey: SINGLE, fairnessKey: 'default', arrivesMs: 200_123 };
    const { accepted } = simulate([...batchOf(200), single], { concurrent: 5, durationMs: 60_000 });
    const next = accepted.find(({ atMs }) => atMs > single.arrivesMs + CALL_MS);
    expect(next?.name).toBe('single');
  });

  it('keeps its turn for a single upload that came while another start was being sent', () => {
    const gate = new StartGate();
    vi.advanceTimersByTime(refuse(gate));
    const probe = gate.enter(start);
    vi.advanceTimersByTime(4_000);
    const single = { ...start, key: 'single', priorityKey: SINGLE };
    expect(() => gate.enter(single)).toThrow('next try');
    probe.accepted();
    probe.end();
    expect(() => gate.enter({ ...start, key: 'b' })).toThrow('next try');
    expect(gate.enter(single)).toBeDefined();
  });

  it('shares what Aplos takes between batches, however long one of them has waited', () => {
    const second = batchOf(20, 'second').map((start) => ({ ...start, arrivesMs: 600_000 }));
    const { accepted } = simulate([...batchOf(200), ...second], { concurrent: 5, durationMs: 60_000 });
    const last = accepted.findLastIndex(({ name }) => name.startsWith('second'));
    const before = accepted.filter(({ atMs }) => atMs < 600_000).length;
    expect(last - before).toBeLessThan(80);
  });

  const start = { key: 'a', priorityKey: BATCH, fairnessKey: 'f', sinceMs: 0 };
  const noMore = (retryAfterMs?: number) =>
    new UploadError('EXECUTIONS_LIMITED', 'Aplos takes no more executions at present (5 are running)', {
      retryAfterMs,
    });
  /** Sends a start that is refused, and returns how long the gate is closed, in milliseconds. */
  const refuse = (gate: StartGate, key = 'a', retryAfterMs?: number) => {
    const pass = gate.enter({ ...start, key });
    const error = pass.refused(noMore(retryAfterMs));
    pass.end();
    return error.retryAfterMs ?? 0;
  };

  it('doubles the pause with each refusal in a row, up to five minutes', () => {
    const gate = new StartGate();
    const pauses = Array.from({ length: 11 }, () => {
      const pauseMs = refuse(gate);
      vi.advanceTimersByTime(pauseMs);
      return pauseMs / 1_000;
    });
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
  });

  it('pauses for as long as Aplos asks, if that is longer', () => {
    expect(refuse(new StartGate(), 'a', 90_000)).toBe(90_000);
    expect(refuse(new StartGate(), 'a', 1)).toBe(1_000);
  });

  it('reports why and when a start is tried again', () => {
    vi.setSystemTime('2026-11-26T14:04:30Z');
    const gate = new StartGate();
    refuse(gate, 'a', 40_000);
    expect(() => gate.enter({ ...start, key: 'b' })).toThrow(
      'Aplos takes no more executions at present (5 are running); next try 14:05 UTC.',
    );
  });

  it('lets one start pass at the end of a pause, and the next one when that was accepted', () => {
    const gate = new StartGate();
    vi.advanceTimersByTime(refuse(gate));
    const probe = gate.enter(start);
    expect(() => gate.enter({ ...start, key: 'b' })).toThrow('next try');
    probe.accepted();
    probe.end();
    expect(gate.enter({ ...start, key: 'b' })).toBeDefined();
  });

  it('lets the next start pass if one ended without being sent', () => {
    const gate = new StartGate();
    vi.advanceTimersByTime(refuse(gate));
    gate.enter(start).end();
    expect(gate.enter({ ...start, key: 'b' })).toBeDefined();
  });

  it('stays with the start that passed last if one that has ended before ends again', () => {
    const gate = new StartGate();
    vi.advanceTimersByTime(refuse(gate));
    const searching = gate.enter(start);
    searching.end();
    gate.enter({ ...start, key: 'b' });
    searching.end();
    expect(() => gate.enter({ ...start, key: 'c' })).toThrow('next try');
  });

  it('does not let starts be sent that passed before another one was refused', () => {
    const gate = new StartGate();
    const passed = gate.enter({ ...start, key: 'b' });
    refuse(gate);
    expect(() => passed.assertOpen()).toThrow('next try');
  });

  it('counts refusals of starts that were sent at the same time once', () => {
    const onRefused = vi.fn();
    const gate = new StartGate({ onRefused });
    const passes = ['a', 'b', 'c'].map((key) => gate.enter({ ...start, key }));
    for (const pass of passes) pass.refused(noMore());
    vi.advanceTimersByTime(1_000);
    expect(refuse(gate)).toBe(2_000);
    expect(onRefused).toHaveBeenCalledTimes(4);
  });

  it('sends several starts at a time again once Aplos has accepted many in a row', () => {
    const gate = new StartGate();
    vi.advanceTimersByTime(refuse(gate));
    for (let index = 0; index < 20; index++) {
      const pass = gate.enter(start);
      pass.accepted();
      pass.end();
    }
    expect([gate.enter(start), gate.enter({ ...start, key: 'b' })]).toHaveLength(2);
  });
});
