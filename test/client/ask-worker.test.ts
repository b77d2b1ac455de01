import type { Client } from '@temporalio/client';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { askForAnalyses, askForSubscription } from '../../src/client/ask-worker.js';
import type { WorkerAvailability } from '../../src/client/worker-availability.js';

/** Returns a connection to a Temporal that stores this as the result of every workflow. */
const connectionTo = (result: unknown) => ({
  client: { workflow: { start: async () => ({ result: async () => result }) } } as unknown as Client,
  workers: { hasWorker: async () => true } as unknown as WorkerAvailability,
});

const input = { profile: 'default' };
const analyses = { ...input, analyses: [] };

describe('a question to a worker', () => {
  it('is answered by the result of its workflow', async () => {
    expect(await askForAnalyses(connectionTo([]), analyses)).toEqual([]);
    expect(await askForSubscription(connectionTo({ remaining: 3 }), input)).toEqual({ remaining: 3 });
  });

  it('is not answered by its own input, which is encrypted for the same workflow', async () => {
    const refused = { code: 'PAYLOAD_UNTRUSTED' };
    await expect(askForAnalyses(connectionTo(analyses), analyses)).rejects.toMatchObject(refused);
    await expect(askForSubscription(connectionTo(input), input)).rejects.toMatchObject(refused);
  });

  it('is answered late if the client was suspended beyond its time limit', async () => {
    vi.doMock('node:timers/promises', () => ({ setTimeout: async () => {} }));
    vi.resetModules();
    onTestFinished(() => {
      vi.doUnmock('node:timers/promises');
      vi.resetModules();
    });
    const suspended = await import('../../src/client/ask-worker.js');
    let respond = () => {};
    const handle = {
      result: () =>
        new Promise((resolve) => {
          respond = () => setImmediate(resolve, []);
        }),
      describe: async () => {
        respond();
        return { status: { name: 'COMPLETED' }, raw: { pendingActivities: [] } };
      },
      terminate: () => Promise.reject(new Error('The workflow has completed')),
    };
    const client = { workflow: { start: async () => handle } } as unknown as Client;
    expect(await suspended.askForAnalyses({ ...connectionTo([]), client }, analyses)).toEqual([]);
  });
});
