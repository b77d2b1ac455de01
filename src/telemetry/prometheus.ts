import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { RuntimeOptions } from '@temporalio/worker';
import { cannotListen, type ListenAddress } from '../http/listen-address.js';
import { STEP_BUCKETS } from './metrics.js';

/** The address of the metrics endpoint, and the runtime options that make Temporal's core serve it. */
export interface PrometheusEndpoint {
  readonly url: string;
  readonly runtimeOptions: Pick<RuntimeOptions, 'telemetryOptions'>;
}

/**
 * Returns the options that make Temporal's core serve all metrics at `/metrics`, with the suffixes of Prometheus
 * (`_total`, `_seconds`).
 *
 * @param listen address to listen on; port 0 picks a free port
 * @throws UploadError `SETTINGS_INVALID` if the port is taken, or the address is not one of this machine
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

/** Resolves the host and picks a free port: Temporal's core accepts only IP addresses, and does not report why it fails. */
async function freeAddress({ host, port }: ListenAddress): Promise<string> {
  try {
    const { address, family } = await lookup(host);
    const probe = createServer().listen(port, address);
    await once(probe, 'listening');
    const { port: freePort } = probe.address() as AddressInfo;
    const closed = once(probe, 'close');
    probe.close();
    await closed;
    return `${family === 6 ? `[${address}]` : address}:${freePort}`;
  } catch (cause) {
    throw cannotListen('APLOS_UPLOAD_METRICS', { host, port }, cause);
  }
}
