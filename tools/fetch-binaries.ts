/** `tsx tools/fetch-binaries.ts`: downloads the servers of the demo and the tests, and prints their paths. */
import { ensureBinaries } from '../sandbox/servers/binaries.js';
import { ensureTestServer } from './test-server.js';

try {
  console.log(JSON.stringify({ ...(await ensureBinaries()), ...(await ensureTestServer()) }, null, 2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
