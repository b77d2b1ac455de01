import { CliCommand } from '../command.js';

/** `aplos-upload setup` */
export const setupCommand = new CliCommand('setup')
  .description(
    'register the search attributes in the Temporal namespace, and print links that set up the list in the Temporal UI; safe to repeat',
  )
  .option('--json', 'print what was registered, and the links, as JSON')
  .example('prepare the namespace in the settings', 'aplos-upload setup')
  .action(async (options: { json?: true }) => {
    const { setUp } = await import('./setup/run.js');
    await setUp(options);
  });
