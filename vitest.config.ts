import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { REQUIREMENTS } from './src/qualification/requirements.js';

// Temporal's dev server and SeaweedFS are Go programs: they collect garbage less often, for a seventh less CPU time.
process.env.GOGC ??= '400';

/** Tests that need neither servers nor dist/. */
const UNIT =
  'test/{aplos,cli,client,contract,files,http,qualification,records,results,s3,settings,temporal,util,watch,webhooks,worker}/**/!(s3-source|real-s3|fetch-to-bucket|dev-server).test.ts';

const shared = {
  // A test may have the ID of a requirement that it checks as a tag: docs/validation/traceability.md lists them.
  tags: REQUIREMENTS.map(({ id, text }) => ({ name: id, description: text })),
  // Guards against a test that hangs. On a busy machine, tests that start processes take long.
  testTimeout: 120_000,
  hookTimeout: 180_000,
  pool: 'forks',
  // Loads modules once per process: tests must restore what they change in it.
  isolate: false,
  // A busy machine may take long for what takes a moment elsewhere.
  expect: { poll: { timeout: 90_000 } },
  // Commands that tests run must not read the settings file of whoever runs the tests.
  env: { XDG_CONFIG_HOME: fileURLToPath(new URL('test/support/no-settings', import.meta.url)) },
} as const;

/** Tests that take longest, mostly because they wait for real processes. The longest comes first. */
const SLOWEST = [
  'e2e/pay-once',
  'e2e/temporal-outages',
  'e2e/kills',
  'e2e/errors',
  'e2e/results',
  'e2e/batch',
  'e2e/pace',
  'e2e/outages',
  'e2e/forged',
  'activities/startExecution',
  'docs/examples',
  'docs/nexus',
  'workflows/uploadAnalysisFile',
  'e2e/chaos',
  'e2e/memory',
  'e2e/encryption',
  'e2e/bad-input',
  'e2e/reset',
  'e2e/pay-once-batches',
  'e2e/network',
  'e2e/watch',
  'e2e/pay-once-preview',
  'e2e/hostile-input',
  'telemetry/worker',
  'e2e/traces',
  'e2e/versions',
  'e2e/api-versions',
  'sandbox/servers',
  'e2e/hosts',
  'e2e/sources',
  'workflows/compatibility',
];

/** Starts the slowest tests first, so that none of them is left over at the end. */
class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const index = SLOWEST.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
      return index === -1 ? SLOWEST.length : index;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: SlowestFirst },
    // More than the cores of a small machine, because many tests wait for other processes.
    maxWorkers: 6,
    projects: [
      { test: { ...shared, name: 'unit', include: [UNIT] } },
      {
        test: {
          ...shared,
          name: 'servers',
          globalSetup: 'test/support/global-setup.ts',
          include: ['test/**/*.test.ts'],
          exclude: [UNIT],
        },
      },
    ],
  },
});
