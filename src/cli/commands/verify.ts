import { CliCommand } from '../command.js';
import type { VerifyOptions } from './verify/check.js';

/** `aplos-upload verify` */
export const verifyCommand = new CliCommand('verify')
  .description(
    'check a receipt and the files that it is about, or a report and its records, without any connection',
  )
  .argument('<record>', 'record in JSON, or a folder or s3://BUCKET/PREFIX/ with records')
  .argument('[file]', 'file that was uploaded')
  .argument('[package...]', 'result packages that were fetched')
  .option(
    '--key <file...>',
    'public keys in PEM that are trusted (default: the key that signs on this machine)',
  )
  .option('--report <file>', 'report that names the records of its batch among those of others')
  .option('--allow-unsigned', 'accept a record that is not signed')
  .option('--json', 'print one finding per line, as JSON')
  .example('check a receipt and the file', 'aplos-upload verify receipts/pk-1.json pk-1.csv --key public.pem')
  .example('check a report and its records', 'aplos-upload verify records --key public.pem')
  .action(async (receipt: string, file: string | undefined, packages: string[], options: VerifyOptions) => {
    const { verify } = await import('./verify/check.js');
    await verify({ receipt, file, packages }, options);
  });
