import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { vi } from 'vitest';
import { endWithThisProcess } from '../../sandbox/servers/watchdog.js';
import { COMMAND } from '../../sandbox/worker-process.js';

/** A running `aplos-upload watch` process. */
export interface Watching {
  readonly child: ChildProcess;
  /** Returns what it has printed on stdout and stderr so far. */
  readonly text: () => string;
  /** Waits until its output matches. */
  prints(pattern: RegExp): Promise<void>;
  /** Sends a signal, waits for the end, and returns the exit code. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** Starts a watch that scans every 100 ms, with a settle time of 300 ms. */
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
    prints: (pattern) =>
      vi.waitFor(
        () => {
          if (text.search(pattern) < 0) throw new Error(`The watch did not print ${pattern}, but: ${text}`);
        },
        { timeout: 90_000, interval: 20 },
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
