import { defineSearchAttributeKey, type SearchAttributePair, SearchAttributeType } from '@temporalio/common';
import { batchesOf } from '../contract/batches.js';
import type { UploadRequest } from '../contract/request.js';
import { requestAttributes, type SearchAttributeName, withinLimit } from '../contract/search-attributes.js';
import { storedFileId } from '../contract/source.js';

/**
 * Returns the search attributes to start an upload with. The workflow sets them too, but with these the upload is listed
 * before a worker has processed it.
 */
export function searchAttributesOf(request: UploadRequest): SearchAttributePair[] {
  const batches = batchesOf(request);
  const fileId = storedFileId(request.source);
  return [
    ...requestAttributes(request).map(([name, value]) => ({
      key: defineSearchAttributeKey(name, SearchAttributeType.KEYWORD),
      value,
    })),
    ...(fileId === undefined ? [] : [{ key: FILE_ID, value: fileId }]),
    ...(batches.length > 0 ? [{ key: BATCHES, value: withinLimit(batches) }] : []),
  ];
}

const FILE_ID = defineSearchAttributeKey(
  'AplosFileId' satisfies SearchAttributeName,
  SearchAttributeType.KEYWORD,
);
const BATCHES = defineSearchAttributeKey(
  'AplosBatch' satisfies SearchAttributeName,
  SearchAttributeType.KEYWORD_LIST,
);
