import { describe, expect, it } from 'vitest';
import { problemWith, subscriptionText } from '../../../src/cli/commands/doctor/subscription.js';

describe('the subscription in `doctor`', () => {
  it('shows version, tenant, plan, what is left, and whether results may be downloaded', () => {
    const subscription = {
      plan: 'professional',
      status: 'restricted',
      allocated: 10_000,
      remaining: 9_000,
      maxConcurrent: 5,
      mayDownload: false,
    };
    expect(subscriptionText('v3', 't1', subscription)).toBe(
      'API version 3; tenant t1; plan professional, restricted; 9,000 of 10,000 executions left; 5 at a time; results may not be downloaded',
    );
  });

  it('says what Aplos does not report', () => {
    expect(subscriptionText('v1', 't1', {})).toBe(
      'API version 1; tenant t1; plan not reported; executions left: not reported; it is not reported whether results may be downloaded',
    );
  });

  it.each([
    [{ status: 'Expired' }, 'SUBSCRIPTION_EXPIRED'],
    [{ status: 'disabled' }, 'SUBSCRIPTION_DISABLED'],
    [{ remaining: 0 }, 'ALLOCATION_EXHAUSTED'],
    [{ status: 'restricted', remaining: 1 }, undefined],
    [{}, undefined],
  ])('reports for %j the problem %s', (subscription, code) => {
    expect(problemWith(subscription)?.code).toBe(code);
  });
});
