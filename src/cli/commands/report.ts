import { CliCommand } from '../command.js';
import type { ReportOptions } from './report/write.js';

/** `aplos-upload report` */
export const reportCommand = new CliCommand('report')
  .description(
    'write the report of a batch, as a page and as JSON, and the records that it names; signed if a signing key is set',
  )
  .requiredOption('--batch <name>', 'batch to report')
  .requiredOption('--out <folder>', 'folder to write to; it is created if necessary')
  .option('--json', 'print the report as JSON')
  .example('write a report and its records', 'aplos-upload report --batch study-7 --out records')
  .action(async (options: ReportOptions) => {
    const { writeReport } = await import('./report/write.js');
    await writeReport(options);
  });
