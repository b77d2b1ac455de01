import { lookup } from 'node:dns/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import type { RuntimeOptions } from '@temporalio/worker';
import type { ListenAddress } from '../config.js';
import { cannotListen } from './cannot-listen.js';
import { STEP_BUCKETS } from './metrics.js';

/**
 * Has Temporal's core serve its metrics and ours at `/metrics`, as Prometheus names them: `_total`, `_seconds`.
 *
 * @throws UploadError `SETTINGS_INVALID` where the port is taken or the host is not this machine
 */
export async function prometheus(
  listen: ListenAddress | undefined,
): Promise<Pick<RuntimeOptions, 'telemetryOptions'>> {
  if (!listen) return {};
  const { address, family } = await freeAddress(listen);
  return {
    telemetryOptions: {
      metrics: {
        attachServiceName: false,
        prometheus: {
          bindAddress: `${family === 6 ? `[${address}]` : address}:${listen.port}`,
          countersTotalSuffix: true,
          unitSuffix: true,
          useSecondsForDurations: true,
          histogramBucketOverrides: { aplos_step_seconds: STEP_BUCKETS },
        },
      },
    },
  };
}

/** Core takes addresses only, and does not say what is wrong with one. */
async function freeAddress({ host, port }: ListenAddress): Promise<{ address: string; family: number }> {
  try {
    const resolved = await lookup(host);
    const trial = createServer().listen(port, resolved.address);
    await once(trial, 'listening');
    const closed = once(trial, 'close');
    trial.close();
    await closed;
    return resolved;
  } catch (cause) {
    throw cannotListen('APLOS_UPLOAD_METRICS', { host, port }, cause);
  }
}
