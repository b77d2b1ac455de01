import { onTestFinished } from 'vitest';

/** Makes permissions bind this process until the test ends: the superuser can read every file. */
export function becomeOrdinaryUser(): void {
  if (process.geteuid?.() !== 0) return;
  process.seteuid?.(65534);
  onTestFinished(() => process.seteuid?.(0));
}
