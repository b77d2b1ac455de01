import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { RuntimeOptions } from '@temporalio/worker';
import { cannotListen, type ListenAddress } from '../http/listen-address.js';
import { STEP_BUCKETS } from './metrics.js';

/** How Temporal's core is told to serve metrics, and where it then does. */
export interface PrometheusEndpoint {
  readonly url: string;
  readonly runtimeOptions: Pick<RuntimeOptions, 'telemetryOptions'>;
}

/**
 * Has Temporal's core serve its metrics and ours at `/metrics`, as Prometheus names them: `_total`, `_seconds`.
 *
 * @param listen port 0: a free one
 * @throws UploadError `SETTINGS_INVALID` where the port is taken or the host is not this machine
 */
export async function prometheusEndpoint(listen: ListenAddress): Promise<PrometheusEndpoint> {
  const bindAddress = await freeAddress(listen);
  return {
    url: `http://${bindAddress}/metrics`,
    runtimeOptions: {
      telemetryOptions: {
        metrics: {
          attachServiceName: false,
          prometheus: {
            bindAddress,
            countersTotalSuffix: true,
            unitSuffix: true,
            useSecondsForDurations: true,
            histogramBucketOverrides: { aplos_step_seconds: STEP_BUCKETS },
          },
        },
      },
    },
  };
}

/** Core takes addresses only, and does not say what is wrong with one. */
async function freeAddress({ host, port }: ListenAddress): Promise<string> {
  try {
    const { address, family } = await lookup(host);
    const trial = createServer().listen(port, address);
    await once(trial, 'listening');
    const { port: free } = trial.address() as AddressInfo;
    const closed = once(trial, 'close');
    trial.close();
    await closed;
    return `${family === 6 ? `[${address}]` : address}:${free}`;
  } catch (cause) {
    throw cannotListen('APLOS_UPLOAD_METRICS', { host, port }, cause);
  }
}
