import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Kills a child process when this process ends for any reason: a watchdog waits on a pipe that closes with this process.
 *
 * @param child leader of a process group, all of which is killed
 * @param leftovers files and folders to remove
 */
export function endWithThisProcess(child: ChildProcess, leftovers: readonly string[] = []): void {
  if (child.pid === undefined) return;
  const script = 'read _; kill -s KILL -- "-$1"; shift; rm -rf "$@"';
  const watchdog = spawn('sh', ['-c', script, 'sh', String(child.pid), ...leftovers], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  watchdog.unref();
  watchdog.stdin.on('error', () => {});
  if ('unref' in watchdog.stdin && typeof watchdog.stdin.unref === 'function') watchdog.stdin.unref();
  child.once('exit', () => watchdog.kill('SIGKILL'));
}
