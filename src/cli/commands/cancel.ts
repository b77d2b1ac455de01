import { CliCommand } from '../command.js';
import type { CancelCommandOptions } from './cancel/run.js';

/** `aplos-upload cancel` */
export const cancelCommand = new CliCommand('cancel')
  .description('cancel uploads and, with --executions, what they started at Aplos')
  .argument('[upload...]', 'ids, file names, paths, or URLs of the Temporal UI')
  .option('--batch <name>', 'cancel the uploads of this batch')
  .option('--executions', 'cancel also the executions that the uploads started, even if they are done')
  .option('--yes', 'do not ask for confirmation')
  .option('--json', 'print one outcome per line, as JSON')
  .example('stop an upload and what it started', 'aplos-upload cancel pk.csv --executions')
  .example('stop a batch', 'aplos-upload cancel --batch study-7')
  .action(async (ids: string[], options: CancelCommandOptions) => {
    const { cancel } = await import('./cancel/run.js');
    await cancel(ids, options);
  });
