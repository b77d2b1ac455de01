import type { SEARCH_ATTRIBUTES } from './names.js';

/** Name of a search attribute that the workflow sets. */
export type SearchAttributeName = keyof typeof SEARCH_ATTRIBUTES;

/** Name of a search attribute with one value. */
export type KeywordName = {
  [Name in SearchAttributeName]: (typeof SEARCH_ATTRIBUTES)[Name] extends 'Keyword' ? Name : never;
}[SearchAttributeName];

/** Fields of a request that become search attributes. */
interface SearchableRequest {
  readonly profile: string;
  readonly fileName: string;
  readonly batch?: string | undefined;
  readonly requestedBy?: string | undefined;
}

/** Returns the names and values of the search attributes that follow from a request. Safe for workflow code. */
export function requestAttributes(request: SearchableRequest): [name: KeywordName, value: string][] {
  const { profile, fileName, batch, requestedBy } = request;
  return [
    ['AplosProfile', profile],
    ['AplosFileName', fileName],
    ...(batch ? [['AplosBatch', batch] satisfies [KeywordName, string]] : []),
    ...(requestedBy ? [['AplosRequestedBy', requestedBy] satisfies [KeywordName, string]] : []),
  ];
}
