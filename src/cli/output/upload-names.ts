import pMap from 'p-map';
import type { UploadClient, UploadSummary } from '../../client.js';
import { distinctPaths } from '../../util/distinct-paths.js';

const CONCURRENCY = 20;

/** An upload, as far as its name needs it. */
type Named = Pick<UploadSummary, 'workflowId' | 'runId' | 'fileName'>;

/**
 * Returns the name of each upload, in order. Files of the same name get as much of their path as tells them apart, which takes a call
 * for each of them; if that is not enough, their id.
 */
export async function namesOf(client: UploadClient, uploads: readonly Named[]): Promise<string[]> {
  const names = uploads.map(({ fileName, workflowId }) => fileName ?? workflowId);
  const duplicates = uploads.filter((_, index) => isRepeated(names, index));
  if (duplicates.length === 0) return names;
  const sources = await pMap(duplicates, (each) => client.source(each), { concurrency: CONCURRENCY });
  const paths = sources.map((source, index) => readable(source) ?? duplicates[index]?.fileName ?? '');
  const distinct = new Map(distinctPaths(paths).map((name, index) => [duplicates[index], name]));
  const longer = uploads.map((upload, index) => distinct.get(upload) ?? names[index] ?? '');
  return longer.map((name, index) =>
    isRepeated(longer, index) ? `${name} (${uploads[index]?.workflowId})` : name,
  );
}

const isRepeated = (names: readonly string[], index: number) =>
  names.indexOf(names[index] ?? '') !== names.lastIndexOf(names[index] ?? '');

/** Returns the path of a file: URL, and any other URL as it is. */
export function readable<Source extends string | undefined>(source: Source): Source | string {
  if (!source?.startsWith('file:')) return source;
  try {
    return decodeURIComponent(new URL(source).pathname);
  } catch {
    return source;
  }
}
