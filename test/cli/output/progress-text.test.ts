import { describe, expect, it } from 'vitest';
import { progressLines, progressText, type UploadProgress } from '../../../src/cli/output/progress-text.js';
import { widthOf } from '../../../src/cli/output/width.js';

const sending: UploadProgress = {
  state: 'running',
  step: 'uploading',
  bytesSent: 12_000_000,
  totalBytes: 27_000_000,
  bytesPerSecond: 3_000_000,
};

describe('progressText', () => {
  it('shows bytes, rate and time left while the file is sent', () => {
    expect(progressText(sending)).toBe('uploading, 12 MB of 27 MB, 3.0 MB/s, 5s left');
  });

  it('shows a rate of 0, and no time left, if nothing moves', () => {
    expect(progressText({ ...sending, bytesPerSecond: 0 })).toBe('uploading, 12 MB of 27 MB, 0 B/s');
  });

  it('shows only the step before and after that', () => {
    expect(progressText({ state: 'running', step: 'presigning' })).toBe('presigning');
    expect(progressText({ ...sending, state: 'done', step: 'done' })).toBe('done');
  });
});

describe('progressLines', () => {
  const uploads = (count: number, stateOf: (index: number) => UploadProgress['state']) =>
    Array.from({ length: count }, (_, index) => ({
      name: `site-${index}/a-rather-long-folder-name/pk.csv`,
      progress: { ...sending, state: stateOf(index) },
    }));

  it('has a row for each upload that fits the terminal', () => {
    const lines = progressLines(
      uploads(20, () => 'running'),
      { columns: 80, rows: 24 },
    );
    expect(lines).toHaveLength(20);
    expect(lines.every((line) => widthOf(line) <= 80)).toBe(true);
    expect(lines[0]).toMatch(/^….*\/pk\.csv +█+░+ +44% {2}uploading, 12 MB of 27 MB/);
  });

  it('shows running uploads first if there are more than rows, and counts the others', () => {
    const states = ['done', 'waiting', 'running'] as const;
    const lines = progressLines(
      uploads(60, (index) => states[index % 3] ?? 'done'),
      { columns: 80, rows: 12 },
    );
    expect(lines).toHaveLength(10);
    expect(lines.at(-1)).toBe('… 51 more: 11 running, 20 waiting, 20 done');
  });
});
