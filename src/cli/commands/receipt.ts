import { Option } from 'commander';
import { CliCommand } from '../command.js';
import type { ReceiptOptions } from './receipt/write.js';

/** `aplos-upload receipt` */
export const receiptCommand = new CliCommand('receipt')
  .description('write the receipts of completed uploads to files, signed if a signing key is set')
  .argument('[upload...]', 'ids, file names, paths, or URLs of the Temporal UI')
  .option('--batch <name>', 'write the receipts of this batch')
  .requiredOption('--out <folder>', 'folder to write to; it is created if necessary')
  .addOption(
    new Option('--format <format>', 'json for programs and `aplos-upload verify`, html for people')
      .choices(['json', 'html'])
      .default('json'),
  )
  .option('--configurations', 'also write each configuration, to a file named after its SHA-256')
  .option('--json', 'print one outcome per line, as JSON')
  .example('write the receipts of a batch', 'aplos-upload receipt --batch study-7 --out receipts')
  .example('write a receipt for people', 'aplos-upload receipt pk-1.csv --out receipts --format html')
  .action(async (ids: string[], options: ReceiptOptions) => {
    const { writeReceipts } = await import('./receipt/write.js');
    await writeReceipts(ids, options);
  });
