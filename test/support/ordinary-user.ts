import { onTestFinished } from 'vitest';

/**
 * Makes permissions bind this process until the test ends: the superuser can read every file.
 *
 * @param uid user to become. Default: `nobody`
 */
export function becomeOrdinaryUser(uid = 65_534): void {
  if (process.geteuid?.() !== 0) return;
  process.seteuid?.(uid);
  onTestFinished(() => process.seteuid?.(0));
}
