import { CliCommand } from '../command.js';
import type { DoctorOptions } from './doctor/checks.js';

/** `aplos-upload doctor` */
export const doctorCommand = new CliCommand('doctor')
  .description('check settings, Temporal, workers and Aplos logins, and show how to fix what fails')
  .option('--report <file>', 'also write the checks to a signed record, and to a page next to it')
  .option('--json', 'print one check per line, as JSON')
  .example('check everything', 'aplos-upload doctor')
  .example('list the checks that fail', `aplos-upload doctor --json | jq -r 'select(.ok | not).message'`)
  .example('record what was checked', 'aplos-upload doctor --report installation.json')
  .action(async (options: DoctorOptions) => {
    const { runChecks } = await import('./doctor/checks.js');
    await runChecks(options);
  });
