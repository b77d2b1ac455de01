import { type Dispatcher, request } from 'undici';
import { UploadError } from '../contract/errors.js';
import type { WebhookEvent } from '../contract/webhooks.js';
import type { HostList } from '../http/host-list.js';
import { networkErrorName } from '../http/network-error.js';
import { findReachProblem, type ReachableAgentOptions, reachableAgent } from '../http/reach.js';
import { retryAfterMs } from '../http/retry-after.js';
import { quote } from '../util/quote.js';
import type { Secret } from '../util/secret.js';
import { webhookHeaders } from './signature.js';

/** Where the webhooks of an account go, and how they are signed. */
export interface WebhookAccount {
  /** URL for uploads whose request names none. Default: none */
  readonly webhookUrl?: string | undefined;
  /** Secrets that sign each webhook. Default: none, so that none can be sent */
  readonly webhookSecrets?: readonly Secret[] | undefined;
}

/** What a {@link WebhookSender} needs. */
export interface WebhookSenderOptions {
  readonly accounts: ReadonlyMap<string, WebhookAccount>;
  /** Hosts and addresses to which webhooks may be sent. */
  readonly hosts: HostList;
  /** Created by {@link webhookAgent} with the same hosts. */
  readonly dispatcher: Dispatcher;
  /** Time limit of one attempt in milliseconds. Default: 15,000 */
  readonly timeoutMs?: number;
}

/** Response to a webhook that was delivered. */
export interface Delivered {
  /** Host of the receiver. */
  readonly host: string;
  /** HTTP status, from 200 to 299. */
  readonly status: number;
}

const TIMEOUT_MS = 15_000;
/** Bytes of a response that are read, so that its connection can be used again. */
const MAX_RESPONSE_BYTES = 64 * 1024;

/** Creates an agent that only connects to addresses to which webhooks may be sent. */
export const webhookAgent = (hosts: HostList, options: ReachableAgentOptions = {}): Dispatcher =>
  reachableAgent(hosts, options, (hostname, address) =>
    forbidden(`the address ${address} of ${quote(hostname)} is not public and not allow-listed`),
  );

/** Sends webhooks as Standard Webhooks describes it. */
export class WebhookSender {
  readonly #options: WebhookSenderOptions;

  constructor(options: WebhookSenderOptions) {
    this.#options = options;
  }

  /** Reports whether the settings name a URL for the uploads of an account. */
  hasWebhook(profile: string): boolean {
    return this.#options.accounts.get(profile)?.webhookUrl !== undefined;
  }

  /**
   * Sends an event once.
   *
   * @param requested URL in the request. Default: that of the account
   * @throws {@link UploadError} `WEBHOOK_FORBIDDEN` before anything is sent, `WEBHOOK_REFUSED` or `WEBHOOK_UNDELIVERED`
   * @throws the signal's reason if aborted
   */
  async send(
    profile: string,
    requested: string | undefined,
    { id, ...event }: WebhookEvent,
    signal?: AbortSignal,
  ): Promise<Delivered> {
    const { url, secrets } = this.#target(profile, requested);
    const body = JSON.stringify(event);
    const headers = webhookHeaders({ id, timestamp: Math.floor(Date.now() / 1000), body }, secrets);
    const { host } = url;
    const { timeoutMs = TIMEOUT_MS } = this.#options;
    const deadline = AbortSignal.timeout(timeoutMs);
    try {
      const response = await request(url, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json', 'user-agent': 'aplos-upload-worker' },
        body,
        dispatcher: this.#options.dispatcher,
        signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
      });
      await response.body.dump({ limit: MAX_RESPONSE_BYTES }).catch(() => {}); // the status decides
      const { statusCode: status } = response;
      if (status >= 200 && status <= 299) return { host, status };
      throw refusal(host, status, response.headers);
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      if (error instanceof UploadError) throw error;
      const reason = deadline.aborted ? `no response within ${timeoutMs / 1000} s` : networkErrorName(error);
      throw new UploadError('WEBHOOK_UNDELIVERED', `The receiver ${host} did not respond (${reason})`, {
        cause: error,
      });
    }
  }

  #target(profile: string, requested: string | undefined): { url: URL; secrets: readonly Secret[] } {
    const { webhookUrl, webhookSecrets: secrets = [] } = this.#options.accounts.get(profile) ?? {};
    const text = requested ?? webhookUrl;
    if (text === undefined)
      throw forbidden(`neither the request nor the account ${quote(profile)} names a URL`);
    if (!URL.canParse(text)) throw forbidden('the URL is not valid');
    const url = new URL(text);
    const problem = whyForbidden(url, this.#options.hosts);
    if (problem !== undefined) throw forbidden(problem);
    if (secrets.length === 0)
      throw forbidden(`the account ${quote(profile)} has no secret to sign it with`, {
        action: 'Set APLOS_UPLOAD_WEBHOOK_SECRET on the worker.',
      });
    return { url, secrets };
  }
}

/** Returns why no webhook may be sent to a URL, as a clause; `undefined` if it may. */
export const whyForbidden = (url: URL, hosts: HostList): string | undefined =>
  findReachProblem(url, hosts, 'APLOS_UPLOAD_WEBHOOK_HOSTS')?.why;

const forbidden = (why: string, options: { readonly action?: string } = {}) =>
  new UploadError('WEBHOOK_FORBIDDEN', `The webhook was not sent: ${why}`, options);

/** Statuses that no later attempt changes: a redirect, which is not followed, and a receiver that wants no more webhooks. */
const isFinal = (status: number) => (status >= 300 && status <= 399) || status === 410;

function refusal(host: string, status: number, headers: Dispatcher.ResponseData['headers']): UploadError {
  if (isFinal(status))
    return new UploadError(
      'WEBHOOK_REFUSED',
      status === 410
        ? `The receiver ${host} wants no more webhooks (status 410)`
        : `The receiver ${host} redirects webhooks (status ${status}), and redirects are not followed`,
      { details: { status } },
    );
  return new UploadError('WEBHOOK_UNDELIVERED', `The receiver ${host} responded with status ${status}`, {
    details: { status },
    retryAfterMs: retryAfterMs(headers['retry-after']),
  });
}
