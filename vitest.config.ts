import { defineConfig } from 'vitest/config';

/** What runs in one process with others, as it changes nothing that they could see. */
const LIGHT =
  'test/{activities,aplos,cli,client,contract,files,http,s3,settings,temporal,util,watch,worker}/**/*.test.ts';

export default defineConfig({
  test: {
    globalSetup: ['test/support/global-setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
    projects: [
      { extends: true, test: { name: 'light', include: [LIGHT], isolate: false } },
      { extends: true, test: { name: 'with servers', include: ['test/**/*.test.ts'], exclude: [LIGHT] } },
    ],
  },
});
