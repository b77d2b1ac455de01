import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { COMMAND } from '../sandbox/worker-process.js';
import type { World } from '../test/support/world.js';

/** Starts `aplos-upload` in a process of its own, as a client must not share one with the sandbox. Discards what it prints. */
export const startCommand = ({ env }: World, args: readonly string[]): ChildProcess =>
  spawn(process.execPath, [COMMAND, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });

/**
 * Waits until a command exits.
 *
 * @throws Error if its exit code is not 0
 */
export async function succeeded(command: ChildProcess): Promise<void> {
  const [code] = await once(command, 'exit');
  if (code !== 0) throw new Error(`The uploads exited with code ${code}`);
}
