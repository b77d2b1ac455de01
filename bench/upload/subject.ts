import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { messageFrom } from '../suite/message-from.js';
import type { UploadJob } from './activity.js';

/** A process that runs the activity `uploadFile` of one checkout. */
export interface Subject {
  /** Uploads files side by side, and returns the seconds that it took. */
  upload(jobs: readonly UploadJob[]): Promise<number>;
  stop(): void;
}

/** @param root checkout whose activity is measured */
export async function startSubject(root: string): Promise<Subject> {
  const child: ChildProcess = fork(fileURLToPath(new URL('./activity.ts', import.meta.url)), [root]);
  await messageFrom(child);
  return {
    async upload(jobs) {
      child.send(jobs);
      const { seconds, error } = await messageFrom<{ seconds?: number; error?: string }>(child);
      if (seconds === undefined) throw new Error(error);
      return seconds;
    },
    stop: () => child.kill(),
  };
}
