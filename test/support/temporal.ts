import { fileURLToPath } from 'node:url';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import {
  bundleWorkflowCode,
  DefaultLogger,
  Runtime,
  type WorkflowBundleWithSourceMap,
} from '@temporalio/worker';
import { searchAttributeTypes } from '../../src/temporal/search-attributes.js';
import { ensureBinaries } from '../../tools/binaries.js';

/** Starts a time-skipping server, in which days of retries take moments. */
export async function timeSkippingServer(): Promise<TestWorkflowEnvironment> {
  quietRuntime();
  const { temporalTestServer } = await ensureBinaries();
  const env = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path: temporalTestServer } },
  });
  await env.connection.operatorService.addSearchAttributes({
    namespace: 'default',
    searchAttributes: searchAttributeTypes,
  });
  return env;
}

/** Bundles the workflows from source. */
export function bundleWorkflows({ traced = false } = {}): Promise<WorkflowBundleWithSourceMap> {
  quietRuntime();
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
