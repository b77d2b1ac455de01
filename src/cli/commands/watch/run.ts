import { once } from 'node:events';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseUploadRequest } from '../../../contract/request.js';
import { loadSettings } from '../../../settings/settings.js';
import { withTracing } from '../../../telemetry/tracing/start.js';
import { count, duration } from '../../../util/units.js';
import { WatchedFolder } from '../../../watch/folder.js';
import { WatchLog } from '../../../watch/log.js';
import { defaultStateFile, WatchState } from '../../../watch/state-file.js';
import { Watcher } from '../../../watch/watcher.js';
import { executionsOf, fileHostFor, type JobOptions, jobFor, readMetaData } from '../../input/jobs.js';
import { ExitCode, reportError } from '../../output/errors.js';
import { commandTracing } from '../../output/tracing.js';

/** What is asked of `aplos-upload watch`. */
export interface WatchOptions extends Omit<JobOptions, 'manifest'> {
  /** For how long a file must be unchanged, in milliseconds. */
  readonly settle: number;
  /** How long from one look at the folder to the next, in milliseconds. */
  readonly every: number;
  readonly state?: string;
  readonly json?: true;
}

/** `aplos-upload watch` */
export async function watch(place: string, options: WatchOptions): Promise<void> {
  const { settle, every, state, profile, batch, config, json } = options;
  const executions = await executionsOf(options);
  const metaData = await readMetaData(options.meta);
  const settings = loadSettings(process.env, { accounts: false });
  const files = fileHostFor(options, settings);
  const work = { profile, executions, metaData, files, ...(batch === undefined ? {} : { batch }) };
  const { host } = files;
  parseUploadRequest({ ...jobFor('any.csv', executions, work).request, host, source: 'file:///any.csv' });

  const root = resolve(place);
  const stateFile = resolve(state ?? defaultStateFile(root));
  const memory = await WatchState.open(stateFile, profile);
  const log = new WatchLog(Boolean(json));
  const folder = new WatchedFolder(root, settle);
  const watcher = new Watcher({ root, folder, memory, settings, work, log });
  const stopped = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);

  log.say(
    'watching',
    `Watches ${root}, every ${duration(every)}. A file is started once it has not changed for ${duration(settle)}, with ${config ? 'the configuration beside it, or else --config' : 'the configuration beside it'}. ${count(memory.size, 'file')} remembered in ${stateFile}`,
    { folder: root, state: stateFile, remembered: memory.size },
  );
  // What is under way when it stops may be left as after a kill: the next watch settles it.
  try {
    await withTracing(commandTracing, async () => void (await Promise.race([rounds(), stopped])));
  } catch (error) {
    process.exit(reportError(error));
  }
  const left = watcher.running > 0 ? ` Uploads that go on without it: ${watcher.running}.` : '';
  log.say('stopped', `Stopped.${left} The same command goes on where it was.`, { running: watcher.running });
  process.exit(ExitCode.done);

  async function rounds(): Promise<never> {
    while (true) {
      await watcher.round();
      await sleep(every);
    }
  }
}
