import { CliCommand } from '../command.js';

/** `aplos-upload doctor` */
export const doctorCommand = new CliCommand('doctor')
  .summary('check settings, Temporal, workers and Aplos logins')
  .description('check settings, Temporal, workers and Aplos logins, and show how to fix what fails')
  .option('--json', 'print one check per line, as JSON')
  .example('check everything', 'aplos-upload doctor')
  .example('list the checks that fail', `aplos-upload doctor --json | jq -r 'select(.ok | not).message'`)
  .action(async (options: { json?: true }) => {
    const { runChecks } = await import('./doctor/checks.js');
    await runChecks(options);
  });
