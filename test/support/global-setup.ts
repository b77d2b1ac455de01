import { ensureBinaries } from '../../tools/binaries.js';

/** Fetches the servers once, before test files ask for them side by side. */
export default async function setup(): Promise<void> {
  await ensureBinaries();
}
