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
  readonly requestedBy?: string | undefined;
}

/** Returns the search attributes with one value that follow from a request. Safe for workflow code. */
export function requestAttributes(request: SearchableRequest): [name: KeywordName, value: string][] {
  const { profile, fileName, requestedBy } = request;
  return [
    ['AplosProfile', profile],
    ['AplosFileName', fileName],
    ...(requestedBy ? [['AplosRequestedBy', requestedBy] satisfies [KeywordName, string]] : []),
  ];
}

/** Temporal terminates a workflow that sets a larger search attribute. */
const MAX_ATTRIBUTE_BYTES = 2048;

/** Returns as many values as fit into a search attribute. Safe for workflow code. */
export function withinLimit(values: readonly string[]): string[] {
  const encoder = new TextEncoder();
  let bytes = 2;
  return values.filter((value) => {
    bytes += encoder.encode(JSON.stringify(value)).length + 1;
    return bytes <= MAX_ATTRIBUTE_BYTES;
  });
}
