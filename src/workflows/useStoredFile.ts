import { priorityFor } from '../contract/priority.js';
import type { UploadRequest } from '../contract/request.js';
import { sectionsInAny } from '../contract/sections.js';
import { confirmStoredFile, summaries } from './activities.js';
import type { StoredFile } from './storeFile.js';
import type { RunVisibility } from './visibility.js';

/** Confirms that Aplos has the file of an `aplos:` source. Nothing is presigned or uploaded. */
export async function useStoredFile(
  { executions, ...request }: UploadRequest,
  visibility: RunVisibility,
): Promise<StoredFile> {
  const sections = sectionsInAny(executions);
  visibility.confirming();
  const { ran, file, ...facts } = await confirmStoredFile.executeWithOptions(
    { summary: summaries.confirmStoredFile(request), priority: priorityFor(request).started },
    [{ request, sections }],
  );
  visibility.confirmed(file, facts.sizeBytes);
  return {
    file,
    sha256: facts.sha256,
    facts: { ...file, ...facts, presigns: 0 },
    steps: [{ step: 'confirm', ...ran }],
  };
}
