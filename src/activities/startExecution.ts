import { cancellationSignal, log } from '@temporalio/activity';
import type { AcceptedStart } from '../aplos/api.js';
import type { StartPass } from '../aplos/start-gate.js';
import { contentIdFor, fileVersionIdFor, trackingIdFor } from '../contract/analysis-id.js';
import { UploadError } from '../contract/errors.js';
import type { StartedExecution } from '../contract/receipt.js';
import type { StartInput } from '../contract/steps.js';
import { sha256OfJson } from '../records/canonical.js';
import { OneAtATime } from '../util/one-at-a-time.js';
import type { ActivityDependencies } from './dependencies.js';
import { asReportedNow, findExecution, unsettled } from './find-execution.js';
import { StartAttempt } from './start-attempt.js';

const WAIT_FOR_OTHERS_MS = 2_000;

/**
 * Starts one analysis, unless Aplos has it already. Before the start, and after every doubt, Aplos is asked which executions
 * it has. Can be cancelled until the start is sent, and not after: an execution that is charged is on the receipt.
 */
export function startExecution(dependencies: ActivityDependencies) {
  const oneAtATime = new OneAtATime();
  return (input: StartInput): Promise<StartedExecution> => {
    const attempt = new StartAttempt(dependencies);
    return attempt.whileHeartbeating(() =>
      oneAtATime.run(`${input.profile}/${trackingIdFor(input)}`, () =>
        startInTurn(dependencies, input, attempt),
      ),
    );
  };
}

/** Starts the analysis if it is its turn. Otherwise ends the attempt at once, without a call to Aplos. */
async function startInTurn(
  dependencies: ActivityDependencies,
  input: StartInput,
  attempt: StartAttempt,
): Promise<StartedExecution> {
  try {
    const pass = dependencies.starts(input.profile).enter(attempt.queued);
    try {
      return await startOnce(dependencies, input, attempt, pass);
    } finally {
      pass.end();
    }
  } catch (error) {
    if (isLimited(error)) await attempt.announceWaiting(input.label);
    throw error;
  }
}

async function startOnce(
  { api, executions, listLagMs, sendDeadlineMs, otherUploads }: ActivityDependencies,
  input: StartInput,
  attempt: StartAttempt,
  pass: StartPass,
): Promise<StartedExecution> {
  const { profile, fileName, label, file, execution } = input;
  const trackingId = trackingIdFor(input);
  const list = executions(profile);
  const find = async (settleMs: number, maxAgeMs = 0, provenBy: readonly string[] = []) =>
    asReportedNow(
      api(profile),
      await findExecution(list, {
        fileName,
        trackingId,
        fileId: file.fileId,
        settleMs,
        maxAgeMs,
        listLagMs,
        provenBy,
      }),
    );
  const result = (
    { executionId, status, delaySeconds }: AcceptedStart,
    origin: StartedExecution['origin'],
  ): StartedExecution => {
    if (origin === 'found') log.info('Aplos has this execution already', { executionId, label });
    const { again } = execution;
    return {
      label,
      executionId,
      status,
      ...(delaySeconds === undefined ? {} : { delaySeconds }),
      trackingId,
      configurationSha256: sha256OfJson(execution.configuration),
      origin,
      ...(again === undefined ? {} : { again }),
    };
  };

  const runStartedMs = Date.parse(input.runStartedAt);
  const sentIsListedMs = sendDeadlineMs + listLagMs;
  const others = await otherUploads(attempt.identity, {
    fileName,
    closedSinceMs: Math.min(runStartedMs, attempt.temporalNowMs - sentIsListedMs),
  });
  if (others.ahead !== undefined) throw inProgress(fileName, others.ahead);
  const settleMsFor = (sentMs: number) => sentMs + sentIsListedMs - attempt.temporalNowMs;
  const doubtMs = settleMsFor(Math.max(others.mayHaveSentUntilMs, attempt.mayHaveSentUntilMs));
  const { untilMs, executionIds } = others.acknowledged;
  if (doubtMs > 0) pass.end(); // the others must not wait for the search
  const isFirst = doubtMs === Number.NEGATIVE_INFINITY && executionIds.length === 0;
  const before = isFirst
    ? await find(0, attempt.temporalNowMs - runStartedMs)
    : doubtMs > 0
      ? await find(Math.max(doubtMs, settleMsFor(untilMs)))
      : await find(settleMsFor(untilMs), 0, executionIds);
  if (before) return result(before, 'found');

  const { again, ...analysis } = execution;
  const work = {
    trackingId,
    contentId: contentIdFor(input),
    fileVersionId: fileVersionIdFor(input),
    fileName,
    requestedAt: new Date().toISOString(),
    again,
  };
  try {
    const started = await api(profile).startExecution(
      { file, label, execution: analysis, work },
      {
        signal: cancellationSignal(),
        beforeSending: async () => {
          pass.assertOpen();
          return attempt.announceSending();
        },
      },
    );
    pass.accepted();
    list.acknowledge({ ...started, work, errors: [], hasMarks: true });
    return result(started, 'started');
  } catch (error) {
    const mayHaveStarted =
      error instanceof UploadError && error.mayHaveStarted && error.details?.notSent !== true;
    if (mayHaveStarted) pass.end(); // the others must not wait for the search
    const after = mayHaveStarted ? await find(listLagMs) : undefined;
    if (after) return result(after, 'found');
    await attempt.retractSending();
    if (isLimited(error)) throw pass.refused(error);
    throw mayHaveStarted && !error.retryable ? unsettled(fileName, trackingId, error.happened) : error;
  }
}

const isLimited = (error: unknown): error is UploadError =>
  error instanceof UploadError && error.code === 'EXECUTIONS_LIMITED';

const inProgress = (fileName: string, workflowId: string) =>
  new UploadError(
    'ANALYSIS_IN_PROGRESS',
    `Another upload of ${fileName} is starting its analyses: ${workflowId}`,
    { retryAfterMs: WAIT_FOR_OTHERS_MS },
  );
