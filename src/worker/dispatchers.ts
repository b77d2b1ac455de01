import type { Dispatcher } from 'undici';
import { httpsAgent } from '../files/https-agent.js';
import { createDispatcher, tlsOptions } from '../http/dispatcher.js';
import type { Settings } from '../settings/settings.js';
import { webhookAgent } from '../webhooks/sender.js';

/** The HTTP connection pools of a worker process. */
export interface Dispatchers {
  /** Connections to Aplos, Cognito and S3. */
  readonly services: Dispatcher;
  /** Connections to the servers of `https:` sources, limited to the allow-listed hosts. */
  readonly sources: Dispatcher;
  /** Connections to receivers of webhooks, limited to the allow-listed hosts. */
  readonly webhooks: Dispatcher;
  /** Closes all connections. */
  destroy(): Promise<void>;
}

/** Creates the HTTP connection pools of a worker process. */
export function createDispatchers({ extraCa, sourceHosts, webhookHosts }: Settings): Dispatchers {
  const services = createDispatcher(extraCa);
  const sources = httpsAgent(sourceHosts, { connect: tlsOptions(extraCa) });
  const webhooks = webhookAgent(webhookHosts, { connect: tlsOptions(extraCa) });
  return {
    services,
    sources,
    webhooks,
    destroy: async () => {
      await Promise.all([services.destroy(), sources.destroy(), webhooks.destroy()]);
    },
  };
}
