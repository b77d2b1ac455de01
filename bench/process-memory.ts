import { readFile } from 'node:fs/promises';
import type { WorkerProcess } from '../sandbox/worker-process.js';

/** Returns the memory of a process in MB: `VmRSS` is the current value, `VmHWM` the peak. */
export async function memoryOf(pid: number | undefined, line: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(new RegExp(`${line}:\\s+(\\d+)`).exec(status)?.[1]) / 1000);
}

/** Returns the peak memory of a process in bytes, as the kernel reports it. */
export async function peakMemory({ child }: WorkerProcess): Promise<number> {
  const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}
