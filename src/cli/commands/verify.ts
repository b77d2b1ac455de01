import { Command } from 'commander';
import type { VerifyOptions } from './verify/check.js';

/** `aplos-upload verify` */
export const verifyCommand = new Command('verify')
  .description('check a receipt, and the files that it is about, without any connection')
  .argument('<receipt>', 'receipt that `aplos-upload receipt` wrote as JSON')
  .argument('[file]', 'file that was uploaded')
  .argument('[package...]', 'result packages that were fetched')
  .option(
    '--key <file...>',
    'public keys in PEM that are trusted (default: the key that signs on this machine)',
  )
  .option('--allow-unsigned', 'accept a receipt that is not signed')
  .option('--json', 'print one finding per line, as JSON')
  .action(async (receipt: string, file: string | undefined, packages: string[], options: VerifyOptions) => {
    const { verify } = await import('./verify/check.js');
    await verify({ receipt, file, packages }, options);
  });
