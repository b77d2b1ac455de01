import { InvalidArgumentError, Option } from 'commander';
import { parseDecimal } from '../../qualification/decimal.js';
import { TEXT_RULES } from '../../qualification/text-rules.js';
import { CliCommand } from '../command.js';
import { parseDuration } from '../input/option-values.js';
import type { QualifyOptions } from './qualify/options.js';

function parsePercent(text: string): string {
  const percent = text.trim().replace(/ ?%$/, '');
  const number = parseDecimal(percent);
  if (number && number.digits >= 0n) return percent;
  throw new InvalidArgumentError('It must be a percentage, e.g. 0.01% or 0.');
}

const parseColumns = (text: string): string[] =>
  text
    .split(',')
    .map((column) => column.trim())
    .filter((column) => column !== '');

/** `aplos-upload qualify` */
export const qualifyCommand = new CliCommand('qualify')
  .description(
    'run cases with known results through this installation, compare their results with the expected ones, and write a report; signed if a signing key is set',
  )
  .argument('<cases>', 'folder of cases: NAME/{input.csv, config.json, pk-results-expected.csv}')
  .requiredOption(
    '--out <folder>',
    'folder for packages, receipts and the report; workers must see the same path',
  )
  .option(
    '--tolerance <percent>',
    'largest deviation of a number, in percent of the expected one',
    parsePercent,
    '0.01',
  )
  .addOption(new Option('--text <rule>', 'how text is compared').choices(TEXT_RULES).default('exact'))
  .option(
    '--key <columns>',
    'columns that identify a row (default: those of the configuration, and paramcd)',
    parseColumns,
  )
  .option('--ignore <columns>', 'columns that are not compared', parseColumns)
  .option('--again <text>', 'reason to pay again for analyses that Aplos has')
  .option('--profile <name>', 'Aplos account of the workers to use', 'default')
  .option('--host <name>', 'host of the files, if not every worker can read them')
  .option('--dry-run', 'show what would be charged, and start nothing')
  .option('--timeout <duration>', 'time limit of the executions, e.g. 12h (default: 7d)', parseDuration)
  .option('--yes', 'start even if too few executions are left')
  .option('--json', 'print the report as JSON')
  .example('qualify an installation', 'aplos-upload qualify cases --out /results/qualification')
  .example(
    'qualify a new version, and run all analyses again',
    "aplos-upload qualify cases --out /results/qualification --again 'version 0.2.0'",
  )
  .action(async (cases: string, options: QualifyOptions) => {
    const { qualify } = await import('./qualify/run.js');
    await qualify(cases, options);
  });
