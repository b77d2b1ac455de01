import { z } from 'zod';
import { parseInput } from './parse-input.js';
import { REQUEST_LIMITS } from './request-limits.js';

/** What Aplos reports about the subscription of an account. Each value is absent if Aplos does not report it. */
export interface Subscription {
  readonly plan?: string | undefined;
  /** Status as reported by Aplos, e.g. `active` or `restricted`. */
  readonly status?: string | undefined;
  /** Number of executions that the subscription pays for. */
  readonly allocated?: number | undefined;
  /** Number of executions that are left. */
  readonly remaining?: number | undefined;
  /** Number of executions that run at a time; 0 if there is no limit. */
  readonly maxConcurrent?: number | undefined;
  /** Whether results may be downloaded. */
  readonly mayDownload?: boolean | undefined;
}

const subscriptionInputSchema = z.strictObject({ profile: z.string().min(1).max(REQUEST_LIMITS.profile) });

/** Argument of the workflow `previewSubscription`, and of its activity. */
export type SubscriptionInput = z.output<typeof subscriptionInputSchema>;

/** Activity of the workflow `previewSubscription`. */
export interface SubscriptionActivities {
  /** Asks Aplos what it reports about the subscription of a profile. */
  readSubscription(input: unknown, argumentCount: number): Promise<[Subscription]>;
}

/**
 * Validates untrusted input of `previewSubscription`.
 *
 * @throws {@link UploadError} `REQUEST_INVALID` with the path of every problem
 */
export const parseSubscriptionInput = (input: unknown): SubscriptionInput =>
  parseInput(subscriptionInputSchema, input);
