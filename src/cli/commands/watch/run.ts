import { once } from 'node:events';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createFileJob } from '../../../client/file-job.js';
import { parseUploadRequest } from '../../../contract/request.js';
import { loadSettings } from '../../../settings/load.js';
import { withTracing } from '../../../telemetry/tracing/start.js';
import { defaultStateFile } from '../../../watch/default-state-file.js';
import { WatchedFolder } from '../../../watch/folder.js';
import { WatchState } from '../../../watch/state-file.js';
import { Watcher } from '../../../watch/watcher.js';
import { fileHostFrom, type JobOptions, readExecutions, readMetaData } from '../../input/jobs.js';
import { keepRunningWithoutOutput } from '../../output/closed-output.js';
import { BadInputError, ExitCode, reportError } from '../../output/errors.js';
import { commandTracing } from '../../output/tracing.js';
import { watchLog } from '../../output/watch-log.js';

/** Options of `aplos-upload watch`. */
export interface WatchOptions extends Omit<JobOptions, 'manifest'> {
  /** Time in milliseconds for which a file must be stable. */
  readonly settle: number;
  /** Time between scans in milliseconds. */
  readonly every: number;
  /** State file. Default: one file per folder, in the user's state directory. */
  readonly state?: string;
  readonly json?: true;
}

/** Watches a folder until SIGTERM or Ctrl-C, and then exits. */
export async function watch(location: string, options: WatchOptions): Promise<void> {
  const { settle, every, profile, batch } = options;
  // The empty path is the working folder, and often an unset variable of a script.
  if (location === '') throw new BadInputError(['The folder is empty text. Name the folder to watch.']);
  const executions = await readExecutions(options);
  const metaData = await readMetaData(options.meta);
  const settings = loadSettings(process.env, 'client');
  const files = fileHostFrom(options, settings);
  const request = { profile, executions, metaData, files, ...(batch === undefined ? {} : { batch }) };
  const { host } = files;
  parseUploadRequest({
    ...createFileJob('any.csv', executions, request).request,
    host,
    source: 'file:///any.csv',
  });

  keepRunningWithoutOutput('full'); // a watch must not miss files because its log cannot be written
  const root = resolve(location);
  const stateFile = resolve(options.state ?? defaultStateFile(root));
  const state = await WatchState.open(stateFile, profile);
  const onEvent = watchLog(Boolean(options.json));
  const folder = new WatchedFolder(root, settle, state.folderIdentity(root), state.mountPointsBelow(root));
  const watcher = new Watcher({ root, folder, state, settings, request, onEvent });
  const stopped = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);

  onEvent({
    event: 'watching',
    folder: root,
    stateFile,
    recorded: state.size,
    everyMs: every,
    settleMs: settle,
    hasDefault: executions.length > 0,
  });
  // Unfinished work may be dropped as in a kill: the next watch recovers it from the state file.
  try {
    await withTracing(commandTracing, async () => void (await Promise.race([scanRepeatedly(), stopped])));
  } catch (error) {
    process.exit(reportError(error));
  }
  onEvent({ event: 'stopped', running: watcher.running });
  process.exit(ExitCode.done);

  async function scanRepeatedly(): Promise<never> {
    while (true) {
      await watcher.scanOnce();
      await sleep(every);
    }
  }
}
