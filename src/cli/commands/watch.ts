import { Option } from 'commander';
import { CliCommand } from '../command.js';
import { appendValue, parseDuration } from '../input/option-values.js';
import type { WatchOptions } from './watch/run.js';

/** `aplos-upload watch` */
export const watchCommand = new CliCommand('watch')
  .description('upload each new data file in a folder, until SIGTERM or Ctrl-C')
  .argument('<folder>', 'folder to watch, including its subfolders; workers must see the same path')
  .option(
    '--config <file>',
    'JSON configuration of an execution, for files without their own (pk.json next to pk.csv); repeatable',
    appendValue,
  )
  .option('--meta <file>', 'JSON metadata to store with every execution')
  .option('--batch <name>', 'batch name, to select these uploads later')
  .option('--profile <name>', 'Aplos account of the workers to use', 'default')
  .option('--host <name>', 'host where the folder is stored, if not every worker can read it')
  .addOption(
    new Option('--settle <time>', 'upload a file once it has been stable for this long')
      .argParser(parseDuration)
      .default(30_000, '30s'),
  )
  .addOption(
    new Option('--every <time>', 'time between scans of the folder')
      .argParser(parseDuration)
      .default(10_000, '10s'),
  )
  .option(
    '--state <file>',
    'file that records the uploads this watch started (default: one file per folder, in $XDG_STATE_HOME/aplos-upload)',
  )
  .option('--json', 'print events on stdout as JSON, one per line')
  .example(
    'upload every new file of a folder',
    'aplos-upload watch /data/incoming --config day-1.json --batch incoming',
  )
  .action(async (folder: string, options: WatchOptions) => {
    const { watch } = await import('./watch/run.js');
    await watch(folder, options);
  });
