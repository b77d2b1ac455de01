import { Option } from 'commander';
import { CliCommand } from '../command.js';
import { appendValue, parseDuration, parseSha256Option } from '../input/option-values.js';
import { OUT_HELP } from '../input/out-help.js';
import type { UploadOptions } from './upload/options.js';
import { WAIT_ENDS } from './upload/wait-ends.js';

/** `aplos-upload upload` */
export const uploadCommand = new CliCommand('upload')
  .argument(
    '[file...]',
    'data files, folders of them, quoted globs, or https: and s3: URLs; workers must see the same paths',
  )
  .option('--config <file>', 'JSON configuration of an execution; repeatable', appendValue)
  .option('--meta <file>', 'JSON metadata to store with every execution')
  .option('--manifest <file>', 'list of files and configurations; - is stdin')
  .option('--sha256 <hash>', 'SHA-256 that an https: or s3: file must have', parseSha256Option)
  .option('--batch <name>', 'batch name, to select these uploads later')
  .option('--again <text>', 'reason to pay again for analyses that Aplos has')
  .option('--profile <name>', 'Aplos account of the workers to use', 'default')
  .option('--host <name>', 'host of the files, if not every worker can read them')
  .option('--skip-unreadable', 'leave out what cannot be read, instead of stopping')
  .option('--dry-run', 'show what would happen, and start nothing')
  .option('--webhook <url>', 'URL to report the end of uploads and batches to')
  .option('--yes', 'start even if too few executions are left')
  .addOption(
    new Option('--wait [end]', 'wait for the uploads, or for their results')
      .choices(WAIT_ENDS)
      .preset('upload'),
  )
  .option('--timeout <duration>', 'time limit of --wait results, e.g. 12h (default: 7d)', parseDuration)
  .option('--out <location>', OUT_HELP)
  .option('--unpack', 'with --out: also unpack the results')
  .option('--json', 'wait, and print one receipt per line, as JSON')
  .example(
    'upload a folder as a batch, and wait',
    'aplos-upload upload study-7 --config day-1.json --batch study-7 --wait',
  )
  .example('see what a manifest would start', 'aplos-upload upload --manifest jobs.csv --dry-run')
  .action(async (files: string[], options: UploadOptions) => {
    const { upload } = await import('./upload/run.js');
    await upload(files, options);
  });
