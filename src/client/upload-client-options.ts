import type { Client } from '@temporalio/client';
import type { Settings } from '../settings/settings.js';
import type { OnOutage } from './outages.js';

/** Options of {@link UploadClient.connect}. */
export interface UploadClientOptions {
  /** Settings of the client. Default: read from the environment and the settings file */
  readonly settings?: Settings;
  /** Temporal client to use. It must have the same data converter as the workers. Default: a new one */
  readonly client?: Client;
  /**
   * Longest outage of Temporal during which `startMany`, `asCompleted`, `result` and `whenAvailable` wait, in milliseconds.
   * `Infinity`: no limit. 0: they fail at once. Default: 1 hour
   */
  readonly outageLimitMs?: number;
  /** Called when such a wait begins, and with `undefined` when Temporal is available again. Default: does nothing */
  readonly onOutage?: OnOutage;
}
