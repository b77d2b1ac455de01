import type { ApiVersion, Subscription } from '../../../aplos/api.js';
import { type ErrorCode, UploadError } from '../../../contract/errors.js';

/** Returns what Aplos reports about an account as text. */
export function subscriptionText(
  version: ApiVersion,
  tenantId: string,
  { plan, status, allocated, remaining, maxConcurrent, mayDownload }: Subscription,
): string {
  const subscription = [plan && `plan ${plan}`, status].filter(Boolean).join(', ');
  return [
    `API version ${version.slice(1)}`,
    `tenant ${tenantId}`,
    subscription || 'plan not reported',
    executionsText(allocated, remaining),
    ...(maxConcurrent ? [`${maxConcurrent} at a time`] : []),
    mayDownload === undefined
      ? 'it is not reported whether results may be downloaded'
      : `results ${mayDownload ? 'may' : 'may not'} be downloaded`,
  ].join('; ');
}

function executionsText(allocated: number | undefined, remaining: number | undefined): string {
  const number = (value: number) => value.toLocaleString('en');
  if (remaining === undefined)
    return allocated
      ? `${number(allocated)} executions, it is not reported how many are left`
      : 'executions left: not reported';
  const total = allocated ? ` of ${number(allocated)}` : '';
  return `${number(remaining)}${total} executions left`;
}

const CODES: ReadonlyMap<string, ErrorCode> = new Map([
  ['expired', 'SUBSCRIPTION_EXPIRED'],
  ['disabled', 'SUBSCRIPTION_DISABLED'],
]);

/** Returns why the subscription allows no uploads; `undefined` if it does. */
export function problemWith({ status = '', remaining }: Subscription): UploadError | undefined {
  const code = CODES.get(status.toLowerCase());
  if (code) return new UploadError(code, `Aplos reports that the subscription is ${status}`);
  return remaining === 0
    ? new UploadError('ALLOCATION_EXHAUSTED', 'Aplos reports that the subscription has no executions left')
    : undefined;
}
