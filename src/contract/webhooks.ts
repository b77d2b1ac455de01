import { z } from 'zod';
import { parseInput } from './parse-input.js';
import type { Receipt } from './receipt.js';
import { REQUEST_LIMITS } from './request-limits.js';
import { runRefSchema } from './stored-file.js';
import { isWebhookUrl } from './webhook-url.js';

/** States with which an upload ends. */
export type EndState = 'done' | 'failed' | 'cancelled' | 'terminated' | 'timed-out';

/** Event about the end of an upload. */
export interface UploadEvent {
  readonly type: `upload.${EndState}`;
  /** End of the upload by Temporal's clock: ISO 8601, UTC. */
  readonly timestamp: string;
  readonly data: {
    readonly workflowId: string;
    readonly runId: string;
    readonly profile: string;
    readonly fileName: string;
    readonly state: EndState;
    /** Batch of the request. */
    readonly batch?: string;
    readonly requestedBy?: string;
    /** Receipt of an upload that is done. */
    readonly receipt?: Receipt;
    /** Code of the error table and message of an upload that failed. */
    readonly error?: { readonly code: string; readonly message: string };
  };
}

/** Event about the end of the last upload of a batch. */
export interface BatchEvent {
  readonly type: 'batch.ended';
  /** End of its last upload by Temporal's clock: ISO 8601, UTC. */
  readonly timestamp: string;
  readonly data: {
    readonly profile: string;
    readonly batch: string;
    readonly total: number;
    /** Number of uploads in each state. */
    readonly states: Readonly<Partial<Record<EndState, number>>>;
    /** Uploads that are not done, at most 100. */
    readonly failures: readonly BatchFailure[];
  };
}

/** An upload of a batch that is not done. */
export interface BatchFailure {
  readonly workflowId: string;
  readonly fileName?: string;
  readonly state: EndState;
  readonly code?: string;
}

/** An event, and the ID of its webhook: the same event has the same ID, however often it is sent. */
export type WebhookEvent = (UploadEvent | BatchEvent) & { readonly id: string };

/** How a webhook was delivered. */
export interface WebhookDelivery {
  readonly webhookId: string;
  readonly type: string;
  /** Host of the receiver. */
  readonly host: string;
  readonly status: number;
  /** Time of the response by the worker's clock: ISO 8601, UTC. */
  readonly deliveredAt: string;
}

const batchInputSchema = z.strictObject({
  profile: z.string().min(1).max(REQUEST_LIMITS.profile),
  batch: z.string().min(1).max(REQUEST_LIMITS.batch),
  webhook: z.string().max(REQUEST_LIMITS.source).refine(isWebhookUrl, 'must be an https URL').optional(),
});

/** Argument of the workflow `notifyBatch`, and of its activities. */
export type BatchWebhookInput = z.output<typeof batchInputSchema>;

/** Activities of the workflows `notifyUpload` and `notifyBatch`. The input is the argument of the workflow, which anybody may start. */
export interface WebhookActivities {
  /** Reads the end of a run from Temporal, and sends it as a webhook. Returns how it was delivered, in a list. */
  sendWebhook(input: unknown, argumentCount: number): Promise<[WebhookDelivery]>;
  /** Starts `notifyBatch` for each batch of a run. Returns their workflow IDs. */
  watchBatches(input: unknown, argumentCount: number): Promise<string[]>;
  /** Checks once whether the last upload of a batch has ended. Fails with `BATCH_PENDING` if not. Returns the event, in a list. */
  awaitBatch(input: unknown, argumentCount: number): Promise<[BatchEvent & { readonly id: string }]>;
  /** Sends an event that `awaitBatch` has returned. */
  sendBatchWebhook(
    input: unknown,
    argumentCount: number,
    event: BatchEvent & { readonly id: string },
  ): Promise<[WebhookDelivery]>;
}

/**
 * Validates untrusted input of `notifyUpload`.
 *
 * @throws {@link UploadError} `REQUEST_INVALID` with the path of every problem
 */
export const parseRunRef = (input: unknown) => parseInput(runRefSchema, input);

/**
 * Validates untrusted input of `notifyBatch`.
 *
 * @throws {@link UploadError} `REQUEST_INVALID` with the path of every problem
 */
export const parseBatchWebhookInput = (input: unknown): BatchWebhookInput =>
  parseInput(batchInputSchema, input);
