import { z } from 'zod';
import { isStoredFile, storedFileId } from './source.js';

/** Longest ID that Temporal assigns to a run, and that it accepts for a workflow. */
const ID_LIMITS = { runId: 100, workflowId: 1000 } as const;

/** Schema of the IDs of a workflow run. */
export const runRefSchema = z.strictObject({
  workflowId: z
    .string()
    .min(1, 'must not be empty')
    .max(ID_LIMITS.workflowId)
    .describe('ID of the workflow.'),
  runId: z.string().min(1, 'must not be empty').max(ID_LIMITS.runId).describe('ID of the run.'),
});

/** A run of a workflow. */
export type RunRef = z.output<typeof runRefSchema>;

/** The fields of a request that matter if Aplos already has its file. */
interface StoredFileFields {
  readonly source: string;
  readonly fileName?: string | undefined;
  readonly expect?: { readonly sha256?: string | undefined } | undefined;
  readonly executions: readonly unknown[];
  readonly storedBy?: RunRef | undefined;
}

/** Returns the problems of a request for a file that Aplos already has, or that names the run that uploaded it. */
export function storedFileProblems(request: StoredFileFields): { path: string[]; message: string }[] {
  const { source, fileName, expect, executions, storedBy } = request;
  if (!isStoredFile(source))
    return storedBy === undefined
      ? []
      : [{ path: ['storedBy'], message: 'is only allowed with an aplos: source' }];
  return [
    ...(storedFileId(source) ? [] : [{ path: ['source'], message: 'must have the form aplos:file/FILE_ID' }]),
    ...(fileName === undefined ? [{ path: ['fileName'], message: NEEDED }] : []),
    ...(expect?.sha256 === undefined ? [{ path: ['expect', 'sha256'], message: NEEDED }] : []),
    ...(executions.length === 0
      ? [{ path: ['executions'], message: 'is empty, and an aplos: source has no other purpose' }]
      : []),
  ];
}

const NEEDED = 'is required with an aplos: source, because it is part of the identity of an analysis';
