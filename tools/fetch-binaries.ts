/** `tsx tools/fetch-binaries.ts`: fetches the servers of the demo and the tests ahead of time, and prints their paths. */
import { ensureBinaries } from './binaries.js';

try {
  console.log(JSON.stringify(await ensureBinaries(), null, 2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
