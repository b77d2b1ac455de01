import { Option } from 'commander';
import { CliCommand } from '../command.js';
import { appendValue, parseListen } from '../input/option-values.js';
import type { CodecServerFlags } from './codec-server/serve.js';

/** `aplos-upload codec-server` */
export const codecServerCommand = new CliCommand('codec-server')
  .description('decrypt payloads for authorized users of the Temporal UI, until SIGTERM or Ctrl-C')
  .addOption(
    new Option('--listen <address:port>', 'address and port to listen on; port 0 picks a free port')
      .argParser(parseListen)
      .default({ host: '127.0.0.1', port: 8081 }, '127.0.0.1:8081'),
  )
  .option(
    '--origin <url>',
    'URL of the Temporal UI whose pages may use this server (default: APLOS_UPLOAD_UI_URL); repeatable',
    appendValue,
  )
  .option('--no-auth', 'decrypt for every caller, without authentication; only on a loopback address')
  .printsNoFacts('it answers the Temporal UI')
  .example(
    'for yourself, on your own machine',
    'aplos-upload codec-server --no-auth --origin http://localhost:8233',
  )
  .action(async (flags: CodecServerFlags) => {
    const { serveCodec } = await import('./codec-server/serve.js');
    await serveCodec(flags);
  });
