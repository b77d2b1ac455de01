import { CliCommand } from '../command.js';
import { limitOption } from '../input/option-values.js';
import type { StatusOptions } from './status/show.js';

/** `aplos-upload status` */
export const statusCommand = new CliCommand('status')
  .argument(
    '[upload...]',
    'ids, file names, paths, or URLs of the Temporal UI (default: all uploads of the last 24 hours)',
  )
  .option('--batch <name>', 'show uploads of this batch')
  .option('--failed', 'show failed uploads')
  .option('--running', 'show running uploads')
  .option('--since <time>', 'show uploads that ran since this time: 30m, 2h, 3d, or a date')
  .option(
    '--error <code>',
    'show uploads that failed with this error code; with --running, that retry after it',
  )
  .option('--each', 'show a row for each upload, also for those that have the same error')
  .addOption(limitOption('show at most this many uploads'))
  .option('--watch', 'refresh until no upload is running')
  .option('--web', 'open the upload, or the list of uploads, in the Temporal UI')
  .option('--json', 'print one status per line, as JSON')
  .example('follow a batch until it is done', 'aplos-upload status --batch study-7 --watch')
  .example('list what failed in the last two hours', 'aplos-upload status --failed --since 2h --json')
  .example('open an upload in the Temporal UI', 'aplos-upload status pk-1.csv --web')
  .action(async (ids: string[], options: StatusOptions) => {
    const { showStatus } = await import('./status/show.js');
    await showStatus(ids, options);
  });
