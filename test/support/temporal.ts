import { access, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, DefaultLogger, Runtime, type WorkflowBundlePath } from '@temporalio/worker';
import { inject, vi } from 'vitest';
import { searchAttributeTypes } from '../../src/temporal/search-attributes.js';
import { ensureTestServer } from '../../tools/test-server.js';

/** Starts a time-skipping server, in which days of retries take moments. */
export async function timeSkippingServer(): Promise<TestWorkflowEnvironment> {
  quietRuntime();
  const { temporalTestServer } = await ensureTestServer();
  const env = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path: temporalTestServer } },
  });
  await env.connection.operatorService.addSearchAttributes({
    namespace: 'default',
    searchAttributes: searchAttributeTypes,
  });
  return env;
}

/** Runs workflows in the thread of the test. Starting threads for a worker takes longer than most tests. */
export const IN_THIS_THREAD = { debugMode: true };

/** Bundles the workflows from source, once in a run of the tests. */
export async function bundleWorkflows({ traced = false } = {}): Promise<WorkflowBundlePath> {
  quietRuntime();
  const codePath = join(inject('bundles'), traced ? 'traced.js' : 'plain.js');
  const isFirst = await mkdir(`${codePath}.started`).then(
    () => true,
    () => false,
  );
  if (isFirst) {
    await writeFile(`${codePath}.part`, (await bundleFromSource(traced)).code);
    await rename(`${codePath}.part`, codePath);
  } else await vi.waitFor(() => access(codePath), { timeout: 120_000, interval: 50 });
  return { codePath };
}

function bundleFromSource(traced: boolean) {
  const source = (name: string) => fileURLToPath(new URL(`../../src/workflows/${name}.ts`, import.meta.url));
  return bundleWorkflowCode({
    workflowsPath: source('index'),
    ...(traced ? { workflowInterceptorModules: [source('tracing')] } : {}),
    logger: new DefaultLogger('ERROR'),
  });
}

function quietRuntime(): void {
  try {
    Runtime.install({ logger: new DefaultLogger('ERROR') });
  } catch {
    // Already installed by another test of this process.
  }
}
