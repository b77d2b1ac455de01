import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { COMMANDS } from '../../../src/cli/commands.js';
import { batchView } from '../../../src/cli/output/batch-progress.js';
import { BadInputError, formatErrorFor, printError, reportError } from '../../../src/cli/output/errors.js';
import { missingHostWorkerText, missingWorkerText } from '../../../src/cli/output/missing-workers.js';
import { Notices } from '../../../src/cli/output/notices.js';
import { analysesText } from '../../../src/cli/output/preview-text.js';
import { progressView } from '../../../src/cli/output/progress.js';
import { receiptLines } from '../../../src/cli/output/receipt-text.js';
import { startLine } from '../../../src/cli/output/start-states.js';
import { statusLines } from '../../../src/cli/output/status-text.js';
import { print, printJson, printToStderr } from '../../../src/cli/output/terminal.js';
import { watchLog } from '../../../src/cli/output/watch-log.js';
import { UploadFailedError, type UploadHandle } from '../../../src/client.js';
import { UploadError } from '../../../src/contract/errors.js';
import type { Receipt } from '../../../src/contract/receipt.js';
import type { WatchEvent } from '../../../src/watch/events.js';

/** Clears the screen, reverses text, holds a command, a link and a line break, and changes colors. */
const HOSTILE = 'a\u001b[2J\u202e$(touch x)[a](http://evil.example)\nb\u009b31m\u001b[31m\ud800';
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what the output must not contain
const ALIVE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;
const at = new Date(0);
const error = new UploadError('S3_REFUSED', `S3 said ${HOSTILE}`);
const failure = { code: HOSTILE, message: HOSTILE };
const ids = { file: HOSTILE, workflowId: HOSTILE };

const receipt: Receipt = {
  receiptVersion: 1,
  workflowId: HOSTILE,
  runId: HOSTILE,
  profile: HOSTILE,
  source: HOSTILE,
  sourceVersionId: HOSTILE,
  fileName: HOSTILE,
  fileId: HOSTILE,
  bucket: HOSTILE,
  key: HOSTILE,
  sizeBytes: 1,
  md5: HOSTILE,
  sha256: HOSTILE,
  etag: HOSTILE,
  etagIsMd5: false,
  status: 204,
  apiVersion: 'v1',
  fileState: HOSTILE,
  executions: [
    {
      label: HOSTILE,
      executionId: HOSTILE,
      status: HOSTILE,
      trackingId: HOSTILE,
      configurationSha256: HOSTILE,
      origin: 'found',
      again: HOSTILE,
    },
  ],
  steps: [],
  presigns: 1,
  batches: [HOSTILE],
};

const pending = {
  activity: HOSTILE,
  attempt: 2,
  isRunning: false,
  host: HOSTILE,
  hostHasWorker: false,
  lastFailure: failure,
};

const events: readonly WatchEvent[] = [
  {
    event: 'watching',
    folder: HOSTILE,
    stateFile: HOSTILE,
    recorded: 1,
    everyMs: 1,
    settleMs: 1,
    hasDefault: true,
  },
  { event: 'waiting', file: HOSTILE, reason: 'empty' },
  { event: 'waiting', file: HOSTILE, reason: 'no-configuration', expected: HOSTILE },
  { event: 'started', ...ids, state: 'started' },
  { event: 'not-started', ...ids, reason: 'known-content' },
  {
    event: 'not-started',
    ...ids,
    reason: 'configuration-changed',
    path: HOSTILE,
    configurationPath: HOSTILE,
  },
  { event: 'done', ...ids, executionIds: [HOSTILE] },
  { event: 'done', ...ids, error },
  { event: 'failed', ...ids, error: new UploadFailedError('FILE_INVALID', HOSTILE, HOSTILE) },
  { event: 'unknown', ...ids },
  { event: 'problem', file: HOSTILE, error: new Error(HOSTILE) },
  { event: 'problem', error: HOSTILE },
];

describe('the output of commands', () => {
  let printed: string[];

  beforeEach(() => {
    printed = [];
    for (const stream of [process.stdout, process.stderr])
      vi.spyOn(stream, 'write').mockImplementation((text) => {
        printed.push(String(text));
        return true;
      });
  });
  afterEach(() => {
    vi.restoreAllMocks();
    process.exitCode = undefined;
  });

  const handle = { fileName: HOSTILE, workflowId: HOSTILE, state: 'running' } as UploadHandle;
  it.each<[what: string, run: () => unknown]>([
    ['a line', () => print(HOSTILE)],
    ['a note', () => printToStderr(HOSTILE)],
    ['an error', () => printError(formatErrorFor(HOSTILE, error))],
    ['an unexpected error', () => reportError(new Error(HOSTILE))],
    ['something thrown that is no error', () => reportError(HOSTILE)],
    ['problems of the input', () => reportError(new BadInputError([HOSTILE, HOSTILE]))],
    ['a receipt', () => print(...receiptLines(receipt))],
    ['a receipt as JSON', () => printJson(receipt)],
    ['a start', () => print(startLine(HOSTILE, handle))],
    ['a step', () => progressView(new Notices()).add(HOSTILE).show({ state: 'running', step: HOSTILE })],
    ['a missing worker', () => print(missingHostWorkerText(HOSTILE))],
    [
      'a missing version',
      () => print(missingWorkerText({ pinnedTo: { deploymentName: HOSTILE, buildId: HOSTILE } })),
    ],
    ['a notice', () => new Notices().warn(HOSTILE)],
    [
      'a preview',
      () =>
        print(
          analysesText(HOSTILE, [
            {
              label: HOSTILE,
              state: 'new',
              similar: [{ executionId: HOSTILE, status: HOSTILE, fileName: `${HOSTILE}2` }],
            },
            {
              label: HOSTILE,
              state: 'paid',
              again: HOSTILE,
              similar: [],
              execution: { executionId: HOSTILE, status: HOSTILE },
            },
          ]),
        ),
    ],
    [
      'a status',
      () =>
        print(
          ...statusLines([
            {
              workflowId: HOSTILE,
              runId: HOSTILE,
              fileName: HOSTILE,
              state: 'running',
              batches: [HOSTILE],
              executionIds: [HOSTILE],
              startedAt: at,
              failure,
              pending: [pending, { ...pending, hostHasWorker: true }],
            },
          ]),
        ),
    ],
    ...[false, true].flatMap((json) =>
      events.map((event, index): [string, () => void] => [
        `the event ${event.event} (${index}) of a watch${json ? ' as JSON' : ''}`,
        () => watchLog(json)(event),
      ]),
    ),
  ])('shows every character of %s, one line per line', async (_what, run) => {
    await run();
    const output = printed.join('');
    expect(output).toContain('\\u001b[2J');
    expect(output).not.toMatch(ALIVE);
    expect(output).not.toMatch(/^b/m);
  });

  it('starts no line with a part of a file name in the progress of a batch', () => {
    const view = batchView(1, new Notices());
    view.show({ total: 1, started: 1 });
    view.stop();
    expect(printed.join('')).not.toMatch(ALIVE);
  });

  it('quotes a path for the shell in a command to copy', () => {
    watchLog(false)({
      event: 'not-started',
      ...ids,
      reason: 'configuration-changed',
      path: '/data/$(touch x).csv',
      configurationPath: "/data/it's.json",
    });
    expect(printed.join('')).toContain(
      "aplos-upload upload '/data/$(touch x).csv' --config '/data/it'\\''s.json'",
    );
  });

  it.each([
    ['upload', [HOSTILE, '--config', HOSTILE]],
    ['upload', ['--manifest', `${HOSTILE}.csv`]],
    ['upload', ['x.csv', '--config', 'x.json', `--${HOSTILE}`]],
    ['watch', [HOSTILE, '--config', HOSTILE]],
    ['watch', [HOSTILE, '--settle', HOSTILE]],
    ['status', ['--since', HOSTILE]],
    ['status', ['--error', HOSTILE]],
    ['replay', [HOSTILE, '--from', HOSTILE]],
    ['replay', ['--error', HOSTILE]],
    ['codec-server', ['--listen', HOSTILE]],
    ['worker', ['--log-level', HOSTILE]],
    ['setup', [HOSTILE]],
    ['doctor', [HOSTILE]],
    ['settings', [HOSTILE]],
  ])('shows every character of a hostile argument of %s', async (name, args) => {
    const { runProgram } = await import('../../../src/cli/program.js');
    expect(COMMANDS.map((command) => command.name)).toContain(name);
    const before = process.argv;
    process.argv = [process.execPath, 'aplos-upload', name, ...args];
    try {
      await runProgram();
    } finally {
      process.argv = before;
    }
    const output = printed.join('');
    expect(output).toContain('✗');
    expect(output).not.toMatch(ALIVE);
  });

  it('shows its own colors, and colors from elsewhere as text', async () => {
    const { isTTY } = process.stdout;
    vi.doMock('picocolors', () => ({ default: { isColorSupported: true } }));
    process.stdout.isTTY = true;
    vi.resetModules();
    try {
      const { out } = await import('../../../src/cli/output/colors.js');
      const terminal = await import('../../../src/cli/output/terminal.js');
      terminal.print(out.red('\u001b[32mx\n'));
      expect(printed.join('')).toBe('\u001b[31m\\u001b[32mx\\n\u001b[39m\n');
      const { widthOf } = await import('../../../src/cli/output/width.js');
      expect(widthOf(out.red('血漿'))).toBe(4);
    } finally {
      process.stdout.isTTY = isTTY;
      vi.doUnmock('picocolors');
      vi.resetModules();
    }
  });
});
