import { workflowInfo } from '@temporalio/workflow';
import { errorTable, isErrorCode, withoutReplayHint } from '../contract/error-table.js';
import type { FailingStep } from '../contract/failing-step.js';
import { hostTaskQueue } from '../contract/names.js';
import { escapeMarkdown } from '../util/escape-markdown.js';
import { shellWord } from '../util/shell-word.js';

const replayCommand = () => `aplos-upload replay ${shownId()}`;
const analyzeCommand = () => `aplos-upload analyze --config FIXED.json ${shownId()}`;

/** Returns the command to run after the cause of a failure is fixed. `undefined` if it is not one for this run. */
export function nextCommand(code: string): string | undefined {
  switch (isErrorCode(code) ? errorTable[code].afterFix : 'upload') {
    case 'replay':
    case 'replay-from-presign':
      return replayCommand();
    case 'analyze':
      return analyzeCommand();
    default:
      return undefined;
  }
}

/** Returns the workflow ID for a command. After `--`, an ID that starts with a dash is no option. */
function shownId(): string {
  const { workflowId } = workflowInfo();
  return `${workflowId.startsWith('-') ? '-- ' : ''}${shellWord(workflowId)}`;
}

/** Returns why a run failed, and what to do. */
export const failedNote = (code: string, message: string) =>
  `**${escapeMarkdown(code)}**: ${escapeMarkdown(withoutReplayHint(message))}\n\n${nextStep(code)}`;

/** Returns what to do with a failed upload, for a person who reads the run in the Temporal UI. */
function nextStep(code: string): string {
  switch (isErrorCode(code) ? errorTable[code].afterFix : 'replay') {
    case 'upload':
      return 'A replay would use the same file and request, and fail again. After fixing the cause, start another upload.';
    case 'analyze':
      return `The file is stored. After correcting the configuration, analyze it without another upload:\n\n    ${analyzeCommand()}`;
    case 'check':
      return `Do what the message says before anything else. If no execution exists and none was started by hand, continue from the failed step with:\n\n    ${replayCommand()} --all`;
    default:
      return `After fixing the cause, continue from the failed step with:\n\n    ${replayCommand()}`;
  }
}

/** Returns how to continue a cancelled run. */
export const cancelledNote = () => `This run was cancelled. To continue it from the step that did not finish:

    ${replayCommand()}`;

/** Returns which worker a run waits for. */
export const hostHasNoWorkerNote = (host: string, nextCheck: Date) =>
  `**Waiting for a worker on ${escapeMarkdown(host)}**, the host that has the file: no worker polls the task queue ${escapeMarkdown(hostTaskQueue(host))}. The upload continues once you start one on that host:

    APLOS_UPLOAD_HOST=${shellWord(host)} aplos-upload worker

(Checked at ${toMinutes(new Date())}. The next check is at ${toMinutes(nextCheck)}; \`aplos-upload status\` checks immediately.)`;

/** Returns which step fails again and again, and why. */
export const failingNote = ({
  step,
  label,
  code,
  message,
  attempt,
  at,
}: FailingStep & { readonly at: Date }) =>
  `**Failing again and again**: ${escapeMarkdown(step)}${label === undefined ? '' : ` (${escapeMarkdown(label)})`}, attempt ${attempt} at ${toMinutes(at)}. The step is retried automatically.

**${escapeMarkdown(code)}**: ${escapeMarkdown(message)}

    aplos-upload explain ${code}

The pending activity, and \`aplos-upload status\`, show the latest error and the next attempt.`;

/** Returns which executions wait until Aplos takes more. */
export const waitingNote = (labels: readonly string[], since: Date) =>
  `**Waiting for Aplos**, which takes no more executions at present (since ${toMinutes(since)}): ${labels.map(escapeMarkdown).join(', ')}. The start is retried automatically when it is its turn. The pending activity, and \`aplos-upload status\`, show why and when.`;

/** Returns what a run waits for once all executions are started. */
export const awaitingNote = () =>
  'The executions are started, and run at Aplos. Their end is checked at growing intervals. The pending activities, and `aplos-upload status`, show what Aplos reports about each.';

const toMinutes = (time: Date) => `${time.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
