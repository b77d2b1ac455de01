import { UploadError } from '../../../contract/errors.js';
import type { InstallationCheck } from '../../../qualification/installation-checks.js';
import { out } from '../../output/colors.js';
import { ExitCode, formatError } from '../../output/errors.js';
import { print, printJson } from '../../output/terminal.js';

/** Runs checks, prints one line for each, and keeps what was found. */
export class Checklist {
  readonly #checks: InstallationCheck[] = [];
  /** True if each check is printed as a line of JSON. */
  readonly printsJson: boolean;

  constructor(printsJson: boolean) {
    this.printsJson = printsJson;
  }

  /** Checks that have run, in order. */
  get checks(): readonly InstallationCheck[] {
    return this.#checks;
  }

  /** Runs a check. Returns its result, or `undefined` if it fails; then the exit code is 1. */
  async check<Result>(
    name: string,
    run: () => Promise<Result>,
    describe: (result: Result) => string,
  ): Promise<Result | undefined> {
    try {
      const result = await run();
      this.#add({ check: name, ok: true, message: describe(result) });
      return result;
    } catch (error) {
      const code = error instanceof UploadError ? error.code : 'INTERNAL';
      this.#add({ check: name, ok: false, code, message: formatError(error) });
      process.exitCode = ExitCode.failed;
      return undefined;
    }
  }

  #add(found: InstallationCheck): void {
    this.#checks.push(found);
    const { check, ok, message } = found;
    if (this.printsJson) printJson(found);
    else print(`${ok ? out.green('✓') : out.red('✗')} ${check}: ${message}`);
  }
}
