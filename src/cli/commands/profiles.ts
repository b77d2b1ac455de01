import { CliCommand } from '../command.js';

/** `aplos-upload profiles` */
export const profilesCommand = new CliCommand('profiles')
  .description('list the Aplos accounts in the settings, without logging in or reading a password')
  .option('--json', 'print one account per line, as JSON')
  .example('list the accounts', 'aplos-upload profiles')
  .example('list their names only', 'aplos-upload profiles --json | jq -r .name')
  .action(async (options: { json?: true }) => {
    const { listProfiles } = await import('./profiles/list.js');
    listProfiles(options);
  });
