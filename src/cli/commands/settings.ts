import { CliCommand } from '../command.js';

/** `aplos-upload settings` */
export const settingsCommand = new CliCommand('settings')
  .option('--json', 'print the settings as one JSON array')
  .example('see where the address of Temporal comes from', 'aplos-upload settings | grep TEMPORAL_ADDRESS')
  .action(async (options: { json?: true }) => {
    const { showSettings } = await import('./settings/show.js');
    showSettings(options);
  });
