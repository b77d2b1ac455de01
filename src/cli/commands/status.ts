import { Command } from 'commander';
import type { StatusOptions } from './status/show.js';

/** `aplos-upload status` */
export const statusCommand = new Command('status')
  .description('show the status of uploads')
  .argument(
    '[upload...]',
    'ids, file names, paths, or URLs of the Temporal UI (default: all uploads of the last 24 hours)',
  )
  .option('--batch <name>', 'show uploads of this batch')
  .option('--failed', 'show failed uploads')
  .option('--running', 'show running uploads')
  .option('--since <time>', 'show uploads that ran since this time: 30m, 2h, 3d, or a date')
  .option('--error <code>', 'show uploads that failed with this error code')
  .option('--each', 'show a row for each upload, also for those that have the same error')
  .option('--watch', 'refresh until no upload is running')
  .option('--json', 'print one status per line, as JSON')
  .action(async (ids: string[], options: StatusOptions) => {
    const { showStatus } = await import('./status/show.js');
    await showStatus(ids, options);
  });
