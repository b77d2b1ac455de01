import type { SEARCH_ATTRIBUTES } from './names.js';

/** Name of a search attribute that the workflow sets. */
export type SearchAttributeName = keyof typeof SEARCH_ATTRIBUTES;

/** Returns the search attributes that follow from a request. Safe for workflow code. */
export const requestAttributes = ({
  profile,
  fileName,
  batch,
  requestedBy,
}: {
  readonly profile: string;
  readonly fileName: string;
  readonly batch?: string | undefined;
  readonly requestedBy?: string | undefined;
}) =>
  ({
    AplosProfile: profile,
    AplosFileName: fileName,
    ...(batch ? { AplosBatch: batch } : {}),
    ...(requestedBy ? { AplosRequestedBy: requestedBy } : {}),
  }) satisfies Partial<Record<SearchAttributeName, string>>;
