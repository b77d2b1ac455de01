/**
 * `npm run check:supply-chain`: checks the licences of all dependencies, and that a build elsewhere results in the same package,
 * byte for byte.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expectThat, pack } from './packing.js';
import { forbiddenLicences } from './sbom.js';

const scratch = mkdtempSync(join(tmpdir(), 'aplos-upload-build-'));

/** Packs the package in a folder, and returns the SHA-256 of the archive. */
const packIn = (folder: string): string =>
  createHash('sha256')
    .update(readFileSync(pack(folder, scratch)))
    .digest('hex');

try {
  const forbidden = forbiddenLicences();
  for (const each of forbidden) console.error(`tools/sbom.ts does not allow ${each}`);
  expectThat('the licences of all dependencies are allowed', forbidden.length === 0);

  const elsewhere = join(scratch, 'elsewhere');
  execFileSync('git', ['worktree', 'add', '--quiet', '--detach', elsewhere], { stdio: 'inherit' });
  const npm = (...args: string[]) => execFileSync('npm', args, { cwd: elsewhere, stdio: 'inherit' });
  npm('ci', '--prefer-offline', '--no-audit', '--no-fund');
  npm('run', '--silent', 'build');
  const here = packIn(process.cwd());
  console.log(`SHA-256 of the package: ${here}`);
  expectThat('a build elsewhere results in the same package', packIn(elsewhere) === here);
} finally {
  rmSync(scratch, { recursive: true, force: true });
  execFileSync('git', ['worktree', 'prune']);
}
