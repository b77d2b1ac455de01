import type { LogLevel } from '@temporalio/worker';
import { Option } from 'commander';
import { CliCommand, type CommonOptions } from '../command.js';
import { keepRunningWithoutOutput } from '../output/closed-output.js';

/** `aplos-upload worker` */
export const workerCommand = new CliCommand('worker')
  .addOption(
    new Option('--log-level <level>', 'minimum log level')
      .choices(['debug', 'info', 'warn', 'error'])
      .default('info'),
  )
  .printsNoFacts('its log is JSON unless stderr is a terminal')
  .example(
    'run a worker with the settings of a file',
    'aplos-upload worker --settings /etc/aplos-upload/settings.toml',
  )
  .action(async ({ logLevel: chosen, quiet }: { logLevel: string } & CommonOptions) => {
    const logLevel = quiet ? 'error' : chosen;
    keepRunningWithoutOutput('closed'); // if whoever collects the log ends
    const { loadSettings } = await import('../../settings/load.js');
    const settings = loadSettings();
    // Loads the worker only now, because it takes longer than to find a mistake in the settings.
    const { createUploadWorker } = await import('../../worker.js');
    const worker = await createUploadWorker(settings, logLevel.toUpperCase() as LogLevel);
    await worker.run();
  });
