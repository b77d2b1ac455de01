import type { FileJob } from '../../../client/file-job.js';
import { loadSettings } from '../../../settings/load.js';
import { readExecutions, withReason } from '../../input/jobs.js';
import { BadInputError, MAX_LINES, printingProblems } from '../../output/errors.js';
import { printToStderr } from '../../output/terminal.js';
import { extensionFrom } from '../upload/run.js';
import type { AnalyzeOptions } from './options.js';

/** Checks the input of `aplos-upload analyze`, finds the files, then starts the analyses and reports them as uploads. */
export async function analyze(references: readonly string[], options: AnalyzeOptions): Promise<void> {
  const { config, fileId = [], batch, webhook } = options;
  if (references.length + fileId.length === 0)
    throw new BadInputError([
      'No files are given. Name files that were uploaded before, their receipts or workflow IDs, or add --file-id ID.',
    ]);
  if (!config?.length)
    throw new BadInputError([
      'No configuration is given for the executions. Add --config FILE, once per execution.',
    ]);
  const extension = extensionFrom(options);
  const settings = loadSettings(process.env, 'client');
  const executions = withReason(await readExecutions(options), options);
  // Loads Temporal's client only now, because it takes longer than to find a mistake in the input.
  const [{ startUploads }, { storedFiles }, { createFileJob }] = await Promise.all([
    import('../upload/start.js'),
    import('../../input/stored-files.js'),
    import('../../../client/file-job.js'),
  ]);
  await startUploads(findJobs, { ...options, profile: options.profile ?? 'default' }, settings);

  async function findJobs(client: Parameters<typeof storedFiles>[0]): Promise<FileJob[]> {
    const found = await printingProblems(storedFiles(client, references, options), options.json === true);
    printToStderr(...found.slice(0, MAX_LINES).map(({ location, stored }) => fileLine(location, stored)));
    if (found.length > MAX_LINES) printToStderr(`… and ${found.length - MAX_LINES} more files`);
    return found.map(({ location, stored }) => ({
      ...createFileJob(location, executions, {
        profile: options.profile ?? stored.profile,
        ...(batch === undefined ? {} : { batch }),
        ...extension,
        ...(webhook === undefined ? {} : { webhook }),
      }),
      stored,
    }));
  }
}

function fileLine(location: string, { fileId, storedBy, correctionOf }: NonNullable<FileJob['stored']>) {
  const by = storedBy
    ? `uploaded by ${storedBy.workflowId}`
    : 'uploaded by a run that Temporal does not have';
  return `${location}: file ${fileId} at Aplos, ${by}${correctionOf ? `; corrects ${correctionOf.workflowId}` : ''}`;
}
