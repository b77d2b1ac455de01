import { CliCommand } from '../command.js';
import { OUT_HELP } from '../input/out-help.js';
import type { ResultsCommandOptions } from './results/run.js';

/** `aplos-upload results` */
export const resultsCommand = new CliCommand('results')
  .argument('[upload...]', 'workflow IDs, file names, paths, or URLs of the Temporal UI')
  .option('--batch <name>', 'fetch the results of all uploads of this batch')
  .option('--since <time>', 'fetch the results of uploads since this time: 30m, 2h, 3d, or a date')
  .requiredOption('--out <location>', OUT_HELP)
  .option('--unpack', 'also unpack the results, next to each zip file')
  .option('--host <name>', 'host whose worker stores the results, if not every worker sees the directory')
  .option('--json', 'print one outcome per line, as JSON')
  .example('fetch the packages of a batch', 'aplos-upload results --batch study-7 --out /results/study-7')
  .example('fetch and unpack those of one file', 'aplos-upload results pk-1.csv --out results --unpack')
  .action(async (ids: string[], options: ResultsCommandOptions) => {
    const { results } = await import('./results/run.js');
    await results(ids, options);
  });
