import type { LogLevel } from '@temporalio/worker';
import { Command, Option } from 'commander';
import { keepRunningWithoutOutput } from '../output/closed-output.js';

/** `aplos-upload worker` */
export const workerCommand = new Command('worker')
  .description('run a worker until SIGTERM or Ctrl-C')
  .addOption(
    new Option('--log-level <level>', 'minimum log level')
      .choices(['debug', 'info', 'warn', 'error'])
      .default('info'),
  )
  .action(async ({ logLevel }: { logLevel: string }) => {
    keepRunningWithoutOutput('closed'); // if whoever collects the log ends
    const { loadSettings } = await import('../../settings/load.js');
    const settings = loadSettings();
    // Loads the worker only now, because it takes longer than to find a mistake in the settings.
    const { createUploadWorker } = await import('../../worker.js');
    const worker = await createUploadWorker(settings, logLevel.toUpperCase() as LogLevel);
    await worker.run();
  });
