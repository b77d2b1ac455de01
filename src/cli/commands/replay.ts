import { Option } from 'commander';
import { CliCommand } from '../command.js';
import { limitOption } from '../input/option-values.js';
import type { ReplayCommandOptions } from './replay/run.js';

/** `aplos-upload replay` */
export const replayCommand = new CliCommand('replay')
  .description('resume failed uploads at the failed step; completed steps are kept (Temporal Reset)')
  .argument('[upload...]', 'ids, file names, paths, or URLs of the Temporal UI')
  .option('--batch <name>', 'resume failed uploads of this batch')
  .option('--failed', 'resume all failed uploads')
  .option('--since <time>', 'resume only uploads that failed since this time: 30m, 2h, 3d, or a date')
  .option('--error <code>', 'resume only uploads that failed with this error code')
  .addOption(
    new Option(
      '--from <step>',
      'resume at this step instead of the failed one; presign sends the file again',
    ).choices(['presign', 'start']),
  )
  .option('--all', 'resume also uploads that would fail again; --error and --from imply it')
  .option('--reason <text>', 'reason for the records of the resumed uploads; it is not encrypted')
  .addOption(limitOption('resume at most this many uploads'))
  .option('--dry-run', 'show what would happen, and resume nothing')
  .option('--yes', 'do not ask for confirmation')
  .option('--json', 'print one outcome per line, as JSON')
  .example('resume everything that failed in a batch', 'aplos-upload replay --batch study-7')
  .example('try one upload first, after a fix', 'aplos-upload replay --error CREDENTIALS_REFUSED --limit 1')
  .action(async (ids: string[], options: ReplayCommandOptions) => {
    const { replay } = await import('./replay/run.js');
    await replay(ids, options);
  });
