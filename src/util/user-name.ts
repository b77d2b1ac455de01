import { userInfo } from 'node:os';

/** Returns the name of the user who runs this process, or `unknown` if the system has no name for the user. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'unknown';
  }
}
