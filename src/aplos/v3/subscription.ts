import type { z } from 'zod';
import { errorTable, UploadError } from '../../contract/errors.js';
import type { Subscription } from '../api.js';
import type { subscriptionSchema } from './schemas.js';

/** Calls that report parts of the subscription. The vendor does not document what each of them returns. */
const PATHS = ['/active-subscription', '/subscription-status', '/metrics'];

type Part = Partial<z.output<typeof subscriptionSchema>>;

/**
 * Returns what Aplos reports about the subscription.
 *
 * @param read makes one call, with a path below that of the tenant
 */
export async function readSubscription(read: (path: string) => Promise<Part>): Promise<Subscription> {
  const parts = await Promise.all(PATHS.map((path) => read(path).catch(emptyIfNotOffered)));
  const first = <Value>(values: (Value | null | undefined)[]) =>
    values.find((value): value is Value => value !== null && value !== undefined);
  return {
    plan: first(parts.flatMap(({ plan, planName, name }) => [plan, planName, name])),
    status: first(parts.map(({ status }) => status)),
    allocated: first(parts.flatMap(({ allocated, maxExecutions }) => [allocated, maxExecutions])),
    remaining: first(parts.flatMap(({ remaining, remainingExecutions }) => [remaining, remainingExecutions])),
    maxConcurrent: first(parts.map(({ maxConcurrentExecutions }) => maxConcurrentExecutions)),
    mayDownload: first(parts.map(({ downloadAuthorized }) => downloadAuthorized)),
  };
}

function emptyIfNotOffered(error: unknown): Part {
  if (error instanceof UploadError && errorTable[error.code].callMayNotExist) return {};
  throw error;
}
