import type { ApiResponse } from '../api.js';
import type { SandboxSettings } from '../options.js';
import { camelKeys } from './camel-keys.js';
import { dialects } from './dialects.js';

/** Error of version 3. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  /** State of the subscription, if it is the reason. */
  readonly subscription?: string;
}

/** Builds a successful response in the envelope of the dialect. */
export function succeeded(settings: SandboxSettings, data: object, status: number = 200): ApiResponse {
  const { hasEnvelope, camelKeys: isCamel } = dialects[settings.dialect];
  const content = isCamel ? camelKeys(data) : data;
  if (!hasEnvelope) return { status, body: content };
  const timestamp = new Date().toISOString();
  const diagnostics = { startTime: timestamp, endTime: timestamp, duration: 1 };
  return { status, body: { success: true, statusCode: status, timestamp, data: content, diagnostics } };
}

/** Builds an error response in the shape of the dialect. */
export function refused(
  settings: SandboxSettings,
  { status, code, message, subscription }: Refusal,
): ApiResponse {
  const timestamp = new Date().toISOString();
  const error =
    dialects[settings.dialect].error === 'object'
      ? { error: { message, code, ...(subscription ? { details: { subscription } } : {}) } }
      : { error: message, errorCode: code, ...(subscription ? { subscriptionError: subscription } : {}) };
  return { status, body: { success: false, statusCode: status, timestamp, ...error } };
}

/** Returns why the subscription does not allow a call; `undefined` if it does. */
export function subscriptionRefusal(settings: SandboxSettings, route: string): Refusal | undefined {
  const { subscription } = settings;
  const isWrite = route === 'presign' || route === 'start';
  const isForbidden =
    subscription === 'disabled' ||
    (subscription === 'expired' && isWrite) ||
    (subscription === 'restricted' && route === 'downloadUrl');
  if (!isForbidden || route === 'subscription') return undefined;
  const message = `Your subscription is ${subscription}`;
  return { status: 403, code: 'SUBSCRIPTION_ERROR', message, subscription };
}
