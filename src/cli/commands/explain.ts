import { CliCommand } from '../command.js';

/** `aplos-upload explain` */
export const explainCommand = new CliCommand('explain')
  .description('explain an error code: what happened, what follows from it, and what to do')
  .argument('[code...]', 'error codes, or messages that contain one (default: list all codes)')
  .option('--json', 'print one code per line, as JSON')
  .example('explain a code', 'aplos-upload explain S3_SIGNATURE_REFUSED')
  .example('find a code by a word', 'aplos-upload explain | grep -i quota')
  .action(async (texts: string[], options: { json?: true }) => {
    const { explain } = await import('./explain/explain.js');
    explain(texts, options);
  });
