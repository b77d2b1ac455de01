import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/**
 * Waits for the next message of a process.
 *
 * @throws Error if the process exits before
 */
export async function messageFrom<Message>(child: ChildProcess): Promise<Message> {
  const waiting = new AbortController();
  const { signal } = waiting;
  const exited = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`${child.spawnargs.join(' ')} exited with code ${code}`);
  });
  try {
    const [message] = await Promise.race([once(child, 'message', { signal }), exited]);
    return message as Message;
  } finally {
    waiting.abort();
  }
}
