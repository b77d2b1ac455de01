import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Tests that start no server of their own and leave nothing behind: they share their processes. */
const UNIT =
  'test/{activities,aplos,cli,client,contract,files,http,s3,settings,temporal,util,watch,worker}/**/*.test.ts';

export default defineConfig({
  test: {
    globalSetup: ['test/support/global-setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
    // Commands that tests run must not read the settings file of whoever runs the tests.
    env: { XDG_CONFIG_HOME: fileURLToPath(new URL('test/support/no-settings', import.meta.url)) },
    projects: [
      { extends: true, test: { name: 'unit', include: [UNIT], isolate: false } },
      { extends: true, test: { name: 'servers', include: ['test/**/*.test.ts'], exclude: [UNIT] } },
    ],
  },
});
