import { Command } from 'commander';
import { appendValue, parseSha256Option } from '../input/option-values.js';
import type { UploadOptions } from './upload/options.js';

/** `aplos-upload upload` */
export const uploadCommand = new Command('upload')
  .description('upload files and start executions for each')
  .argument(
    '[file...]',
    'data files (CSV, XPT, SAS7BDAT, DAT, XLS, XLSX), folders of data files, quoted globs, or https: and s3: URLs; workers must see the same paths',
  )
  .option(
    '--config <file>',
    'JSON configuration of an execution to start for each file; repeatable, for several executions per file',
    appendValue,
  )
  .option('--meta <file>', 'JSON metadata to store with every execution')
  .option(
    '--manifest <file>',
    'CSV or JSON Lines file that lists files and configurations (columns: file, configuration, metadata, label, again, sha256); - reads it from stdin; replaces [file...], --config and --meta',
  )
  .option('--sha256 <hash>', 'SHA-256 that the file must have, for an https: or s3: URL', parseSha256Option)
  .option('--batch <name>', 'batch name, to select these uploads later in status, replay and the Temporal UI')
  .option(
    '--again <text>',
    'run analyses again that Aplos already has, and record this reason; each reason is charged once more',
  )
  .option('--profile <name>', "Aplos account to use, from the worker's settings", 'default')
  .option('--host <name>', 'host where the files are stored, if not every worker can read them')
  .option(
    '--skip-unreadable',
    'leave out files and folders that cannot be read, and links to nowhere; by default nothing is started then',
  )
  .option(
    '--dry-run',
    'show what would happen to each file and which analyses were paid before, and start nothing',
  )
  .option('--yes', 'start the uploads although the subscription has fewer executions left than they need')
  .option('--wait', 'wait until the uploads end, and print their receipts')
  .option('--json', 'wait, and print only receipts on stdout, as JSON, one per line')
  .action(async (files: string[], options: UploadOptions) => {
    const { upload } = await import('./upload/run.js');
    await upload(files, options);
  });
