import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '@temporalio/client';
import proto from '@temporalio/proto';
import { UploadError } from '../contract/errors.js';
import { SEARCH_ATTRIBUTES } from '../contract/names.js';
import type { SearchAttributeName } from '../contract/search-attributes.js';
import { shellWord } from '../util/shell-word.js';
import { shortenText } from '../util/shorten-text.js';

const { INDEXED_VALUE_TYPE_KEYWORD: Keyword, INDEXED_VALUE_TYPE_KEYWORD_LIST: KeywordList } =
  proto.temporal.api.enums.v1.IndexedValueType;
const valueTypes = { Keyword, KeywordList };

/** The search attributes that the workflow sets, with their types in Temporal's API. */
export const searchAttributeTypes = Object.fromEntries(
  Object.entries(SEARCH_ATTRIBUTES).map(([name, type]) => [name, valueTypes[type]]),
);

type Operator = Pick<Connection, 'operatorService'>;

/**
 * Checks that the namespace has every search attribute that the workflow sets. A missing one would block every workflow.
 *
 * @throws UploadError `SEARCH_ATTRIBUTES_MISSING` with the commands that register the missing ones
 */
export async function assertSearchAttributes(operator: Operator, namespace: string): Promise<void> {
  const missing = await missingSearchAttributes(operator, namespace);
  if (missing.length > 0) throw searchAttributesMissing(namespace, missing);
}

/**
 * Registers the missing search attributes in the namespace, and waits until they can be used.
 *
 * @returns the names of the attributes that were missing
 * @throws UploadError `SEARCH_ATTRIBUTES_MISSING` if this client may not register them, or one exists with another type
 */
export async function registerSearchAttributes(
  operator: Operator,
  namespace: string,
): Promise<SearchAttributeName[]> {
  const missing = await missingSearchAttributes(operator, namespace);
  if (missing.length === 0) return missing;
  try {
    await operator.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map((name) => [name, searchAttributeTypes[name] ?? 0])),
    });
  } catch (cause) {
    throw searchAttributesMissing(namespace, missing, cause);
  }
  while ((await missingSearchAttributes(operator, namespace)).length > 0) await sleep(POLL_MS);
  return missing;
}

const POLL_MS = 200;

async function missingSearchAttributes(
  { operatorService }: Operator,
  namespace: string,
): Promise<SearchAttributeName[]> {
  const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
  const names = Object.keys(SEARCH_ATTRIBUTES) as SearchAttributeName[];
  return names.filter((name) => customAttributes[name] !== searchAttributeTypes[name]);
}

function searchAttributesMissing(
  namespace: string,
  names: readonly SearchAttributeName[],
  cause?: unknown,
): UploadError {
  const flags = names.map((name) => `--name ${name} --type ${SEARCH_ATTRIBUTES[name]}`).join(' ');
  const command = `temporal operator search-attribute create --namespace ${shellWord(namespace)} ${flags}`;
  const happened = `The namespace "${namespace}" lacks the search attributes ${names.join(', ')}`;
  if (cause === undefined)
    return new UploadError('SEARCH_ATTRIBUTES_MISSING', happened, {
      action: `Run: aplos-upload setup. Or: ${command}`,
    });
  return new UploadError(
    'SEARCH_ATTRIBUTES_MISSING',
    `${happened}, and registering them failed (${shortenText(cause instanceof Error ? cause.message : String(cause))})`,
    { cause, action: `Ask an administrator of Temporal to run: ${command}` },
  );
}
