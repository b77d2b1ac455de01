import { Command } from 'commander';

/** `aplos-upload doctor` */
export const doctorCommand = new Command('doctor')
  .description('check settings, Temporal, workers and Aplos logins, and show how to fix what fails')
  .action(async () => {
    const { runChecks } = await import('./doctor/checks.js');
    await runChecks();
  });
