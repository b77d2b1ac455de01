import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { vi } from 'vitest';
import { endWithThisProcess } from '../../sandbox/servers/watchdog.js';
import { COMMAND } from '../../sandbox/worker-process.js';

/** `aplos-upload watch` in a process of its own. */
export interface Watching {
  readonly child: ChildProcess;
  /** What it has said, and complained of, so far. */
  readonly text: () => string;
  /** Waits until it has said so. */
  says(what: RegExp): Promise<void>;
  /** Sends a signal, and waits for the end. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** Starts it, quicker than by default: a look every 100 ms, and settled is what is the same for 300 ms. */
export function startWatching(args: readonly string[], env: NodeJS.ProcessEnv): Watching {
  const child = spawn(
    process.execPath,
    [COMMAND, 'watch', '--settle', '300ms', '--every', '100ms', ...args],
    { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'], detached: true },
  );
  endWithThisProcess(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (more: string) => {
      text += more;
    });
  return {
    child,
    text: () => text,
    says: (what) =>
      vi.waitFor(
        () => {
          if (text.search(what) < 0) throw new Error(`The watch has not said ${what}, but: ${text}`);
        },
        { timeout: 30_000, interval: 20 },
      ),
    end: async (signal) => {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      const closed = once(child, 'close');
      child.kill(signal);
      const [exitCode] = (await closed) as [number | null];
      return exitCode;
    },
  };
}
