import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { RuntimeOptions } from '@temporalio/worker';
import { Agent, request } from 'undici';
import { cannotListen, type ListenAddress } from '../http/listen-address.js';
import { HttpError, startHttpServer } from '../http/server.js';
import { withBoundedTypes } from './bounded-types.js';
import { STEP_BUCKETS } from './metrics.js';

/** The address of the metrics endpoint, and the runtime options that make Temporal's core provide the metrics. */
export interface PrometheusEndpoint {
  readonly url: string;
  readonly runtimeOptions: Pick<RuntimeOptions, 'telemetryOptions'>;
}

/**
 * Serves all metrics at `/metrics`, with the suffixes of Prometheus (`_total`, `_seconds`). Temporal's core serves them on
 * a free port of this machine; this server bounds the number of series.
 *
 * @param listen address to listen on; port 0 picks a free port
 * @throws UploadError `SETTINGS_INVALID` if the port is taken, or the address is not one of this machine
 */
export async function servePrometheus(listen: ListenAddress): Promise<PrometheusEndpoint> {
  const bindAddress = await freeLoopbackAddress();
  const agent = new Agent({ keepAliveTimeout: 1_000 });
  const server = await startHttpServer({
    ...listen,
    keepsProcessAlive: false,
    handle: async ({ method }, response, path) => {
      if (path !== '/metrics') throw new HttpError(404, 'Not found: use /metrics');
      if (method !== 'GET') throw new HttpError(405, 'Method not allowed: use GET');
      const { headers, body } = await request(`http://${bindAddress}/metrics`, { dispatcher: agent });
      response.setHeader('content-type', headers['content-type'] ?? 'text/plain; version=0.0.4');
      response.end(withBoundedTypes(await body.text()));
    },
  }).catch((cause: unknown) => {
    throw cannotListen('APLOS_UPLOAD_METRICS', listen, cause);
  });
  return {
    url: `${server.url}/metrics`,
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

/** Picks a free port: Temporal's core does not report which one it uses. */
async function freeLoopbackAddress(): Promise<string> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  const closed = once(probe, 'close');
  probe.close();
  await closed;
  return `127.0.0.1:${port}`;
}
