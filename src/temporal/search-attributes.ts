import type { Connection } from '@temporalio/client';
import proto from '@temporalio/proto';
import { UploadError } from '../contract/errors.js';
import { SEARCH_ATTRIBUTES } from '../contract/names.js';

const { INDEXED_VALUE_TYPE_KEYWORD: Keyword, INDEXED_VALUE_TYPE_KEYWORD_LIST: KeywordList } =
  proto.temporal.api.enums.v1.IndexedValueType;
const valueTypes = { Keyword, KeywordList };

/** The search attributes that the workflow sets, with their types as Temporal's API has them. */
export const searchAttributeTypes = Object.fromEntries(
  Object.entries(SEARCH_ATTRIBUTES).map(([name, type]) => [name, valueTypes[type]]),
);

/**
 * Checks that the namespace has every search attribute that the workflow sets: one that it lacks would hold
 * up each workflow for ever.
 *
 * @throws UploadError `SEARCH_ATTRIBUTES_MISSING` with the command that registers them
 */
export async function assertSearchAttributes(
  { operatorService }: Pick<Connection, 'operatorService'>,
  namespace: string,
): Promise<void> {
  const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
  const missing = Object.entries(SEARCH_ATTRIBUTES).filter(
    ([name]) => customAttributes[name] !== searchAttributeTypes[name],
  );
  if (missing.length === 0) return;
  const names = missing.map(([name]) => name).join(', ');
  const flags = missing.map(([name, type]) => `--name ${name} --type ${type}`).join(' ');
  throw new UploadError(
    'SEARCH_ATTRIBUTES_MISSING',
    `The namespace "${namespace}" lacks the search attributes ${names}`,
    {
      action: `Run: temporal operator search-attribute create --namespace ${namespace} ${flags}`,
    },
  );
}
