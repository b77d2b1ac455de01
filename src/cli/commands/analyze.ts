import { Command } from 'commander';
import { appendValue, parseSha256Option } from '../input/option-values.js';
import type { AnalyzeOptions } from './analyze/options.js';

/** `aplos-upload analyze` */
export const analyzeCommand = new Command('analyze')
  .description('start executions for files that Aplos already has, without uploading them again')
  .argument(
    '[file...]',
    'files that were uploaded before: paths, folders, quoted globs, file names, receipts (JSON), workflow IDs or URLs of the Temporal UI',
  )
  .option(
    '--config <file>',
    'JSON configuration of an execution to start for each file; repeatable, for several executions per file',
    appendValue,
  )
  .option('--meta <file>', 'JSON metadata to store with every execution')
  .option('--file-id <id>', 'ID of a file at Aplos; repeatable', appendValue)
  .option(
    '--sha256 <hash>',
    'SHA-256 of the file with --file-id, if Temporal does not know it and the file is not here',
    parseSha256Option,
  )
  .option(
    '--batch <name>',
    'batch name, to select these analyses later in status, replay and the Temporal UI',
  )
  .option(
    '--again <text>',
    'run analyses again that Aplos already has, and record this reason; each reason is charged once more',
  )
  .option(
    '--profile <name>',
    "Aplos account to use, from the worker's settings (default: the account that uploaded the file)",
  )
  .option(
    '--dry-run',
    'show what would happen to each file and which analyses were paid before, and start nothing',
  )
  .option('--yes', 'start the analyses although the subscription has fewer executions left than they need')
  .option('--wait', 'wait until the runs end, and print their receipts')
  .option('--json', 'wait, and print only receipts on stdout, as JSON, one per line')
  .action(async (files: string[], options: AnalyzeOptions) => {
    const { analyze } = await import('./analyze/run.js');
    await analyze(files, options);
  });
