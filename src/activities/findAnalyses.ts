import type { ExecutionRecord, Work } from '../aplos/api.js';
import { counts, type Listing } from '../aplos/execution-list.js';
import { UploadError } from '../contract/errors.js';
import {
  type AnalysisFinding,
  type AnalysisIds,
  type KnownExecution,
  MAX_SIMILAR,
  parsePreviewInput,
} from '../contract/preview.js';
import { shortenText } from '../util/shorten-text.js';
import type { ActivityDependencies } from './dependencies.js';
import { decodeInput } from './raw-input.js';

/** Looks up analyses in Aplos's list of executions, which is read for this call. Changes nothing. */
export const findAnalyses =
  ({ executions }: Pick<ActivityDependencies, 'executions'>) =>
  async (input: unknown, argumentCount: number): Promise<AnalysisFinding[]> => {
    const { profile, analyses } = parsePreviewInput(decodeInput(input, argumentCount));
    const list = executions(profile);
    if (analyses.length === 0) return [];
    const listing = await list.read(0);
    assertHasMarks(listing);
    const byContent = groupBy('contentId', listing, analyses);
    const byFile = groupBy('fileVersionId', listing, analyses);
    return analyses.map(({ trackingId, contentId, fileVersionId = '' }) => {
      const execution = listing.find(trackingId);
      const others = (group: readonly TrackedRecord[] = []) =>
        group
          .filter(({ work }) => work.trackingId !== trackingId)
          .slice(0, MAX_SIMILAR)
          .map(toKnown);
      const sameFile = others(byFile.get(fileVersionId));
      return {
        ...(execution === undefined ? {} : { execution: toKnown(execution) }),
        similar: others(byContent.get(contentId)),
        ...(sameFile.length === 0 ? {} : { sameFile }),
      };
    });
  };

type TrackedRecord = ExecutionRecord & { readonly work: Work };

/** Returns the executions that have an id of one of the analyses, by that id, the latest first. */
function groupBy(
  key: 'contentId' | 'fileVersionId',
  { records }: Listing,
  analyses: readonly AnalysisIds[],
): Map<string, TrackedRecord[]> {
  const ids = new Set(analyses.map((each) => each[key]));
  const groups = new Map<string, TrackedRecord[]>();
  for (const { work, ...record } of records) {
    if (!counts(record)) continue;
    const id = work?.[key];
    if (work === undefined || id === undefined || !ids.has(id)) continue;
    const group = groups.get(id) ?? [];
    group.push({ ...record, work });
    groups.set(id, group);
  }
  for (const group of groups.values())
    group.sort((a, b) => ((a.work.requestedAt ?? '') < (b.work.requestedAt ?? '') ? 1 : -1));
  return groups;
}

/** Anyone who uses the account can write metadata, so its texts are shortened. */
function toKnown({ executionId, status, work }: ExecutionRecord): KnownExecution {
  const optional = (key: 'fileName' | 'requestedAt' | 'again') =>
    work?.[key] === undefined ? {} : { [key]: shortenText(work[key]) };
  return { executionId, status, ...optional('fileName'), ...optional('requestedAt'), ...optional('again') };
}

/** Without metadata or names, every analysis would look new. */
function assertHasMarks({ records }: Listing): void {
  if (records.length === 0 || records.some(({ hasMarks }) => hasMarks !== undefined)) return;
  throw new UploadError('API_ANSWER_UNEXPECTED', 'Aplos lists executions without their metadata or names');
}
