/** `tsx tools/fetch-binaries.ts`: downloads the servers of the demo and the tests, and prints their paths. */
import { ensureBinaries } from './binaries.js';

try {
  console.log(JSON.stringify(await ensureBinaries(), null, 2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
