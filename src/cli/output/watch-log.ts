import { UploadError } from '../../contract/errors.js';
import { shellWord } from '../../util/shell-word.js';
import { count, duration } from '../../util/units.js';
import type { Dependency, OnWatchEvent, WatchEvent } from '../../watch/events.js';
import { formatError, printError } from './errors.js';
import { startLine } from './start-states.js';
import { print, printJson } from './terminal.js';

const recoveries: Record<Dependency, string> = {
  temporal: 'Temporal is available again.',
  'state-file': 'The state file is writable again.',
  folder: 'The watched folder is available again.',
  outcomes: 'The outcomes of uploads are available again.',
  'earlier-work': 'Aplos can tell again what it has.',
};

/** Prints the events of a watch: one JSON object per line on stdout, or text, with problems and failures on stderr. */
export const watchLog = (json: boolean): OnWatchEvent => (json ? printEvent : printText);

function printText(event: WatchEvent): void {
  if (['problem', 'failed', 'unknown'].includes(event.event)) printError(messageFor(event));
  else print(messageFor(event));
}

function printEvent(event: WatchEvent): void {
  const message = messageFor(event);
  printJson({ at: new Date(), event: event.event, message, ...factsOf(event) });
}

function messageFor(event: WatchEvent): string {
  switch (event.event) {
    case 'watching':
      return `Watching ${event.folder}, with a scan every ${duration(event.everyMs)}. A file is uploaded once it has been stable for ${duration(event.settleMs)}, with the configuration next to it${event.hasDefault ? ', or else with --config' : ''}. State file: ${event.stateFile} (${count(event.recorded, 'upload')} recorded)`;
    case 'waiting':
      if (event.reason === 'empty') return `${event.file}: is empty, waiting for data`;
      return event.reason === 'no-configuration'
        ? `${event.file}: waiting for its configuration, ${event.expected} in the same folder`
        : `${event.file}: still changing, waiting until it is stable`;
    case 'ignored':
      return event.reason === 'same-file'
        ? `${event.file}: not followed, because it leads to ${event.sameAs}, which is watched already`
        : `${event.file}: not used for ${event.dataFile}, because ${event.used} has exactly its name`;
    case 'started':
      return startLine(event.file, event);
    case 'not-started':
      if (event.reason === 'known-to-aplos')
        return `${event.file}: not started, because Aplos already has executions of this content under this name: ${event.executionIds.join(', ')}. To start another one: aplos-upload upload`;
      return event.reason === 'known-content'
        ? `${event.file}: not started, because this content was already started under this name: ${event.workflowId}${event.state ? ` (${event.state})` : ''}`
        : `${event.file}: not started again with a configuration that was added or changed after the start of ${event.workflowId}, because every execution is charged. To start an execution with it: aplos-upload upload ${shellWord(event.path)} --config ${shellWord(event.configurationPath)}`;
    case 'done':
      return event.error
        ? `${event.file}: done. ${event.error.message}`
        : `${event.file}: done${(event.executionIds ?? []).map((id) => `, execution ${id}`).join('')}`;
    case 'failed':
      return `${event.file}: ${formatError(event.error)} Upload: ${event.workflowId}`;
    case 'unknown':
      return `${event.file}: The outcome of ${event.workflowId} is unknown: Temporal no longer has its history. Check the file in Aplos NCA.`;
    case 'problem':
      return event.file === undefined
        ? formatError(event.error)
        : `${event.file}: ${formatError(event.error)}`;
    case 'recovered':
      return recoveries[event.dependency];
    case 'stopped':
      return `Stopped.${event.running > 0 ? ` Running uploads: ${event.running}. They continue in the background.` : ''} Run the same command to resume watching.`;
  }
}

/** Fields that programs read from `--json`, besides `at`, `event` and `message`. */
function factsOf(event: WatchEvent): Readonly<Record<string, unknown>> {
  switch (event.event) {
    case 'watching':
      return { folder: event.folder, stateFile: event.stateFile, recorded: event.recorded };
    case 'waiting':
    case 'ignored':
      return { file: event.file };
    case 'started':
      return { file: event.file, workflowId: event.workflowId, state: event.state };
    case 'not-started':
      return {
        file: event.file,
        workflowId: event.workflowId,
        state: 'not-started',
        ...(event.reason === 'known-to-aplos' ? { executionIds: event.executionIds } : {}),
      };
    case 'done':
      return {
        file: event.file,
        workflowId: event.workflowId,
        state: 'done',
        executionIds: event.executionIds,
      };
    case 'failed':
      return {
        file: event.file,
        workflowId: event.workflowId,
        state: 'failed',
        ...codeOf(event.error),
      };
    case 'unknown':
      return { file: event.file, workflowId: event.workflowId, state: 'unknown' };
    case 'problem':
      return {
        file: event.file,
        ...(event.file === undefined ? {} : { state: 'not-started' }),
        ...codeOf(event.error),
      };
    case 'recovered':
      return {};
    case 'stopped':
      return { running: event.running };
  }
}

const codeOf = (error: unknown): { readonly code?: string } =>
  error instanceof UploadError ? { code: error.code } : {};
