import { defineSearchAttributeKey, type SearchAttributePair, SearchAttributeType } from '@temporalio/common';
import type { UploadRequest } from '../contract/request.js';
import { requestAttributes } from '../contract/search-attributes.js';

/**
 * Returns the search attributes to start an upload with. The workflow sets them too, but with these the upload is listed
 * before a worker has processed it.
 */
export const searchAttributesOf = (request: UploadRequest): SearchAttributePair[] =>
  requestAttributes(request).map(([name, value]) => ({
    key: defineSearchAttributeKey(name, SearchAttributeType.KEYWORD),
    value,
  }));
