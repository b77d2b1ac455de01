import { defineSearchAttributeKey, type SearchAttributePair, SearchAttributeType } from '@temporalio/common';
import type { SEARCH_ATTRIBUTES } from '../contract/names.js';
import type { UploadRequest } from '../contract/request.js';

/**
 * The search attributes that a request tells. The workflow sets them too, whoever starts it; with these it is
 * found before a worker has seen it.
 */
export function searchAttributesOf({
  fileName,
  profile,
  batch,
  requestedBy,
}: UploadRequest): SearchAttributePair[] {
  return [
    pair('AplosProfile', profile),
    pair('AplosFileName', fileName),
    ...(batch === undefined ? [] : [pair('AplosBatch', batch)]),
    ...(requestedBy === undefined ? [] : [pair('AplosRequestedBy', requestedBy)]),
  ];
}

const pair = (name: keyof typeof SEARCH_ATTRIBUTES, value: string): SearchAttributePair => ({
  key: defineSearchAttributeKey(name, SearchAttributeType.KEYWORD),
  value,
});
