import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { asCompleted, type CompletedUpload } from '../../src/client/as-completed.js';
import { OutageWaits } from '../../src/client/outages.js';
import { UploadError } from '../../src/contract/errors.js';
import { temporalError } from '../../src/temporal/errors.js';

const pauses: number[] = [];
vi.mock('node:timers/promises', () => ({
  setTimeout: async (ms: number) => {
    pauses.push(ms);
  },
}));
afterEach(() => vi.restoreAllMocks());

const translate = (error: unknown) =>
  temporalError(error, { address: 'localhost:7233', namespace: 'default' });

/** A server that lost its workflows, for example because it was restarted without its database. */
const workflow = {
  getHandle: (workflowId: string) => ({
    describe: () => Promise.reject(new WorkflowNotFoundError('workflow not found', workflowId, undefined)),
  }),
  async *list() {},
} as unknown as Client['workflow'];

const pending = {
  workflowId: 'default:pk.csv:1',
  fileName: 'pk.csv',
  state: 'started',
  result: () => Promise.reject(new UploadError('UPLOAD_UNKNOWN', 'It is gone')),
} as const;

describe('asCompleted', () => {
  it('calls an upload unknown, not terminated, if Temporal no longer has it', async () => {
    const waits = new OutageWaits({ limitMs: 0, onOutage: undefined, workflow, translate });
    const completed: CompletedUpload[] = [];
    for await (const each of asCompleted({ workflow } as Client, waits, [pending])) completed.push(each);
    expect(completed).toMatchObject([{ workflowId: 'default:pk.csv:1', state: 'unknown' }]);
  });

  it('polls Temporal less often the longer that takes, but at least four times a minute', async () => {
    let nowMs = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => nowMs);
    const pollsMs = [10, 400, 10_000, 10];
    const { workflowId } = pending;
    const running = { status: { name: 'RUNNING' }, startTime: new Date(), workflowId, searchAttributes: {} };
    const slow = {
      getHandle: () => ({
        describe: async () => {
          if (pollsMs.length > 0) return running;
          throw new WorkflowNotFoundError('workflow not found', workflowId, undefined);
        },
      }),
      list: () => {
        nowMs += pollsMs.shift() ?? 0;
        return [];
      },
    } as unknown as Client['workflow'];
    const waits = new OutageWaits({ limitMs: 0, onOutage: undefined, workflow: slow, translate });
    pauses.length = 0;
    for await (const { state } of asCompleted({ workflow: slow } as Client, waits, [pending]))
      expect(state).toBe('unknown');
    expect(pauses).toEqual([1000, 1000, 3600, 15_000]);
  });
});
