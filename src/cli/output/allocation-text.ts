import type { Subscription } from '../../client.js';
import { count } from '../../util/units.js';
import type { ShownAnalysis } from './preview-text.js';

/** Returns how many executions a subscription has left, as a sentence. */
export function remainingText({ remaining, allocated }: Subscription): string {
  if (remaining === undefined) return 'Aplos does not report how many executions are left.';
  const number = (value: number) => value.toLocaleString('en');
  return `The subscription has ${number(remaining)}${allocated ? ` of ${number(allocated)}` : ''} executions left.`;
}

/**
 * Returns how many executions the analyses of a command may start. What several files or labels share is counted once, and what is
 * unknown until the upload may be new.
 */
export function countStarts(analyses: readonly Pick<ShownAnalysis, 'state' | 'trackingId'>[]): number {
  const open = analyses.filter(({ state }) => state === 'new' || state === 'unknown');
  return new Set(open.map(({ trackingId }, index) => trackingId ?? index)).size;
}

/** Returns why a subscription is not enough for a number of starts. */
export const shortageText = ({ remaining = 0 }: Subscription, starts: number): string =>
  `The subscription has ${remaining === 0 ? 'no executions' : count(remaining, 'execution')} left, but ${count(starts, 'new analysis', 'new analyses')} would be started`;
