import { createHash } from 'node:crypto';
import { canonicalJson } from './json.js';
import type { ExecutionRequest } from './request.js';
import { SECTIONS } from './sections.js';

/** One analysis of one file. */
export interface Analysis {
  readonly fileName: string;
  /** SHA-256 of the file, in lower-case hex. */
  readonly sha256: string;
  /** Everything that is sent to Aplos for the analysis, and the reason to run it again. */
  readonly execution: Omit<ExecutionRequest, 'label'>;
}

/**
 * Returns the tracking id of an analysis: 32 lower-case hex characters. It is derived from the file's name and bytes and
 * from everything that Aplos is sent for the analysis, so the same analysis has the same id in every request, batch
 * and workflow run, and under every label.
 */
export function trackingIdFor({ fileName, sha256, execution }: Analysis): string {
  const { metaData, again } = execution;
  return idOf({ fileName, sha256, ...sectionsOf(execution), metaData, again });
}

/**
 * Returns the content id of an analysis: it identifies the file's bytes and the configuration, and ignores the file's name and
 * the metadata. Analyses with equal content ids and different tracking ids compute the same under another name.
 */
export function contentIdFor({ sha256, execution }: Omit<Analysis, 'fileName'>): string {
  return idOf({ sha256, ...sectionsOf(execution) });
}

const sectionsOf = (execution: Analysis['execution']) =>
  Object.fromEntries(SECTIONS.map((name) => [name, execution[name]]));

/**
 * Returns the id of a file's name and bytes. Analyses with equal file version ids are of the same file, whatever their
 * configurations and metadata.
 */
export const fileVersionIdFor = ({ fileName, sha256 }: Pick<Analysis, 'fileName' | 'sha256'>): string =>
  idOf({ fileName, sha256 });

const idOf = (work: object): string =>
  createHash('sha256').update(canonicalJson(work)).digest('hex').slice(0, 32);
