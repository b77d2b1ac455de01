import { describe, expect, it } from 'vitest';
import { type Running, runTogether } from '../../src/worker/run-together.js';

/** A worker that runs until it is told to stop, or until it is made to fail. */
class Fake implements Running {
  #state: ReturnType<Running['getState']> = 'INITIALIZED';
  #end = (_error?: Error) => {};

  run(): Promise<void> {
    this.#state = 'RUNNING';
    return new Promise((resolve, reject) => {
      this.#end = (error) => {
        this.#state = error ? 'FAILED' : 'STOPPED';
        if (error) reject(error);
        else resolve();
      };
    });
  }

  shutdown(): void {
    if (this.#state !== 'RUNNING') throw new Error(`Not running: ${this.#state}`);
    this.#state = 'DRAINING';
    setImmediate(() => this.#end());
  }

  getState() {
    return this.#state;
  }

  fail(error: Error): void {
    this.#end(error);
  }
}

describe('workers that run together', () => {
  it('drain the others when one fails, and end with its error', async () => {
    const [failing, other] = [new Fake(), new Fake()];
    const ended = runTogether([failing, other]);
    failing.fail(new Error('Temporal is gone for good'));
    await expect(ended).rejects.toThrow('Temporal is gone for good');
    expect(other.getState()).toBe('STOPPED');
  });

  it('end without one when all were told to stop', async () => {
    const workers = [new Fake(), new Fake()];
    const ended = runTogether(workers);
    for (const worker of workers) worker.shutdown();
    await expect(ended).resolves.toBeUndefined();
  });
});
