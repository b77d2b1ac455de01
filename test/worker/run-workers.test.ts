import { describe, expect, it } from 'vitest';
import { type RunnableWorker, runWorkers } from '../../src/worker/run-workers.js';

/** A worker that runs until `shutdown` or `fail` is called. */
class FakeWorker implements RunnableWorker {
  #state: ReturnType<RunnableWorker['getState']> = 'INITIALIZED';
  #stop = (_error?: Error) => {};

  run(): Promise<void> {
    this.#state = 'RUNNING';
    return new Promise((resolve, reject) => {
      this.#stop = (error) => {
        this.#state = error ? 'FAILED' : 'STOPPED';
        if (error) reject(error);
        else resolve();
      };
    });
  }

  shutdown(): void {
    if (this.#state !== 'RUNNING') throw new Error(`Not running: ${this.#state}`);
    this.#state = 'DRAINING';
    setImmediate(() => this.#stop());
  }

  getState() {
    return this.#state;
  }

  fail(error: Error): void {
    this.#stop(error);
  }
}

describe('runWorkers', () => {
  it('drains the other workers when one fails, and throws its error', async () => {
    const [failing, other] = [new FakeWorker(), new FakeWorker()];
    const running = runWorkers([failing, other]);
    failing.fail(new Error('Connection lost'));
    await expect(running).rejects.toThrow('Connection lost');
    expect(other.getState()).toBe('STOPPED');
  });

  it('resolves when all workers are shut down', async () => {
    const workers = [new FakeWorker(), new FakeWorker()];
    const running = runWorkers(workers);
    for (const worker of workers) worker.shutdown();
    await expect(running).resolves.toBeUndefined();
  });
});
