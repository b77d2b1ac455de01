import { Option } from 'commander';
import { CliCommand } from '../command.js';
import { appendValue, parseDuration, parseSha256Option } from '../input/option-values.js';
import { OUT_HELP } from '../input/out-help.js';
import type { AnalyzeOptions } from './analyze/options.js';
import { WAIT_ENDS } from './upload/wait-ends.js';

/** `aplos-upload analyze` */
export const analyzeCommand = new CliCommand('analyze')
  .description('start executions for files that Aplos already has, without uploading them again')
  .argument(
    '[file...]',
    'uploaded files: paths, folders, quoted globs, file names, receipts (JSON), workflow IDs or URLs of the Temporal UI',
  )
  .option('--config <file>', 'JSON configuration of an execution; repeatable', appendValue)
  .option('--meta <file>', 'JSON metadata to store with every execution')
  .option('--file-id <id>', 'ID of a file at Aplos; repeatable', appendValue)
  .option('--sha256 <hash>', 'SHA-256 of the file with --file-id, if unknown', parseSha256Option)
  .option('--batch <name>', 'batch name, to select these analyses later')
  .option('--again <text>', 'reason to run analyses again that Aplos already has; each reason is charged')
  .option('--profile <name>', 'Aplos account (default: the one that uploaded the file)')
  .option('--dry-run', 'show what would happen, and start nothing')
  .option('--webhook <url>', 'URL to report the end of uploads and batches to')
  .option('--yes', 'start even if too few executions are left')
  .addOption(
    new Option('--wait [end]', 'wait for the runs, or for their results').choices(WAIT_ENDS).preset('upload'),
  )
  .option('--timeout <duration>', 'time limit of --wait results, e.g. 12h (default: 7d)', parseDuration)
  .option('--out <location>', OUT_HELP)
  .option('--unpack', 'with --out: also unpack the results')
  .option('--json', 'wait, and print one receipt per line, as JSON')
  .example(
    'analyze a file with another configuration',
    'aplos-upload analyze pk.csv --config day-7.json --wait',
  )
  .example('correct a configuration that Aplos refused', 'aplos-upload analyze --config fixed.json pk.csv')
  .action(async (files: string[], options: AnalyzeOptions) => {
    const { analyze } = await import('./analyze/run.js');
    await analyze(files, options);
  });
