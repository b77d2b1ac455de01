import { randomUUID } from 'node:crypto';
import { Connection } from '@temporalio/client';
import { inject } from 'vitest';
import { type SandboxOptions, startSandbox } from '../../sandbox/sandbox.js';
import { registerSearchAttributes } from '../../src/temporal/search-attributes.js';
import { newBucket } from './bucket.js';
import { registerNamespace } from './register-namespace.js';
import { openWorld, type TemporalNamespace, type World } from './world.js';

/** Registers a namespace on the Temporal server that all test files share, and waits until it can be used. */
export async function newNamespace({ searchAttributes = true } = {}): Promise<TemporalNamespace> {
  const temporal = inject('temporal');
  const namespace = `test-${randomUUID()}`;
  const connection = await Connection.connect({ address: temporal.address });
  await registerNamespace(connection, namespace, () =>
    searchAttributes
      ? registerSearchAttributes(connection, namespace)
      : connection.operatorService.listSearchAttributes({ namespace }),
  );
  await connection.close();
  return { ...temporal, namespace };
}

/** Starts a world without a worker, in a namespace and a bucket of its own on the servers that all test files share. */
export async function startWorld(options: SandboxOptions = {}): Promise<World> {
  const [temporal, s3] = await Promise.all([newNamespace(), newBucket()]);
  return openWorld(temporal, await startSandbox({ s3, ...options }));
}
