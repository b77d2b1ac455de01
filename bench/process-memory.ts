import { readFile } from 'node:fs/promises';

/** Returns the memory of a process in MB: `VmRSS` is the current value, `VmHWM` the peak. */
export async function memoryOf(pid: number | undefined, line: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(new RegExp(`${line}:\\s+(\\d+)`).exec(status)?.[1]) / 1000);
}
