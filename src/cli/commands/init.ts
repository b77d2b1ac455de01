import { CliCommand } from '../command.js';
import { appendValue } from '../input/option-values.js';
import type { InitOptions } from './init/answers.js';

/** `aplos-upload init` */
export const initCommand = new CliCommand('init')
  .description(
    'write a commented settings file for workers and clients; asks for what no option gives, and checks each answer at once',
  )
  .option('--temporal <address>', 'host and port of Temporal (default: localhost:7233)')
  .option('--namespace <name>', 'namespace of Temporal (default: default)')
  .option(
    '--temporal-api-key-file <file>',
    'file with the API key for Temporal, for example on Temporal Cloud',
  )
  .option(
    '--encryption-key-file <file>',
    'file with the key of the other workers and clients, ID:KEY (default: create one)',
  )
  .option('--profile <name>', 'name of the Aplos account for requests', 'default')
  .option('--user <name>', 'user name of the Aplos account')
  .option('--password-file <file>', 'private file with the password')
  .option('--password-command <command>', 'command that prints the password')
  .option('--api-url <url>', 'API of your tenant (default: https://api.aplos-nca.com)')
  .option('--root <folder>', 'folder from which workers may read files; repeatable', appendValue)
  .option('--client', 'set up a client only, which needs neither an account nor folders')
  .option('--no-check', 'write the file without checking the answers')
  .option('--force', 'replace an existing settings file')
  .writesSettings()
  .option('--json', 'print what was written and checked, as JSON')
  .example('answer questions in a terminal', 'aplos-upload init')
  .example(
    'answer with options, for a script',
    'aplos-upload init --user jane@example.com --password-file ~/aplos-password --root /data/incoming',
  )
  .action(async (options: InitOptions) => {
    const { init } = await import('./init/run.js');
    await init(options);
  });
