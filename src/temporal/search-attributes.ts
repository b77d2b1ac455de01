import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '@temporalio/client';
import proto from '@temporalio/proto';
import { UploadError } from '../contract/errors.js';
import { SEARCH_ATTRIBUTES } from '../contract/names.js';
import type { SearchAttributeName } from '../contract/search-attributes.js';
import { shellWord } from '../util/shell-word.js';
import { shortenText } from '../util/shorten-text.js';

const { IndexedValueType } = proto.temporal.api.enums.v1;
const { INDEXED_VALUE_TYPE_KEYWORD: Keyword, INDEXED_VALUE_TYPE_KEYWORD_LIST: KeywordList } =
  IndexedValueType;
const valueTypes = { Keyword, KeywordList };

/** The search attributes that the workflow sets, with their types in Temporal's API. */
export const searchAttributeTypes = Object.fromEntries(
  Object.entries(SEARCH_ATTRIBUTES).map(([name, type]) => [name, valueTypes[type]]),
);

type Operator = Pick<Connection, 'operatorService'>;
type ValueType = proto.temporal.api.enums.v1.IndexedValueType;

/**
 * Checks that the namespace has every search attribute that the workflow sets. A missing one would block every workflow.
 *
 * @throws UploadError `SEARCH_ATTRIBUTES_MISSING` with the commands that register the missing ones, or
 *   `SEARCH_ATTRIBUTES_MISMATCHED`
 */
export async function assertSearchAttributes(operator: Operator, namespace: string): Promise<void> {
  const missing = await missingSearchAttributes(operator, namespace);
  if (missing.length > 0) throw searchAttributesMissing(namespace, missing);
}

/**
 * Registers the missing search attributes in the namespace, and waits until they can be used.
 *
 * @returns the names of the attributes that were missing
 * @throws UploadError `SEARCH_ATTRIBUTES_MISSING` if this client may not register them, or they cannot be used within a
 *   minute; `SEARCH_ATTRIBUTES_MISMATCHED` if one exists with another type
 */
export async function registerSearchAttributes(
  operator: Operator,
  namespace: string,
): Promise<SearchAttributeName[]> {
  const registered = await missingSearchAttributes(operator, namespace);
  if (registered.length === 0) return registered;
  try {
    await operator.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(registered.map((name) => [name, searchAttributeTypes[name] ?? 0])),
    });
  } catch (cause) {
    throw searchAttributesMissing(namespace, registered, cause);
  }
  const giveUpAt = performance.now() + REGISTRATION_LIMIT_MS;
  while (true) {
    const missing = await missingSearchAttributes(operator, namespace);
    if (missing.length === 0) return registered;
    if (performance.now() > giveUpAt) throw stillMissing(namespace, missing);
    await sleep(POLL_MS);
  }
}

const POLL_MS = 200;
/** Longest time that Temporal may take until registered attributes can be used, in milliseconds. */
const REGISTRATION_LIMIT_MS = 60_000;

/** @throws UploadError `SEARCH_ATTRIBUTES_MISMATCHED` if one exists with another type */
async function missingSearchAttributes(
  { operatorService }: Operator,
  namespace: string,
): Promise<SearchAttributeName[]> {
  const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
  const names = Object.keys(SEARCH_ATTRIBUTES) as SearchAttributeName[];
  const mismatched = names.flatMap((name) => {
    const type = customAttributes[name];
    return type === undefined || type === searchAttributeTypes[name] ? [] : [{ name, type }];
  });
  if (mismatched.length > 0) throw searchAttributesMismatched(namespace, mismatched);
  return names.filter((name) => customAttributes[name] === undefined);
}

function searchAttributesMismatched(
  namespace: string,
  mismatched: readonly { readonly name: SearchAttributeName; readonly type: ValueType }[],
): UploadError {
  const list = mismatched
    .map(({ name, type }) => `${name} is ${nameOf(type)} and should be ${SEARCH_ATTRIBUTES[name]}`)
    .join('; ');
  const commands = mismatched
    .map(
      ({ name }) =>
        `temporal operator search-attribute remove --namespace ${shellWord(namespace)} --name ${name}`,
    )
    .join('; ');
  return new UploadError(
    'SEARCH_ATTRIBUTES_MISMATCHED',
    `The namespace "${namespace}" has search attributes of another type: ${list}`,
    {
      action: `Use another namespace; or, if nothing else needs the attribute, run: ${commands}; then: aplos-upload setup`,
    },
  );
}

/** Returns the name of a type as the `temporal` command takes it, e.g. `KeywordList`. */
const nameOf = (type: ValueType): string =>
  (IndexedValueType[type] ?? `${type}`)
    .replace('INDEXED_VALUE_TYPE_', '')
    .toLowerCase()
    .replace(/(?:^|_)([a-z])/g, (_match, letter: string) => letter.toUpperCase());

const stillMissing = (namespace: string, names: readonly SearchAttributeName[]) =>
  new UploadError(
    'SEARCH_ATTRIBUTES_MISSING',
    `The search attributes ${names.join(', ')} were registered in the namespace "${namespace}", but cannot be used after ${REGISTRATION_LIMIT_MS / 1000} s`,
    { action: 'Check the Temporal server, then run again: aplos-upload setup' },
  );

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
