import type { z } from 'zod';
import { UploadError } from '../../contract/errors.js';
import type { ExecutionIds } from '../api.js';
import type { ApiCall } from '../connection.js';
import type { HistoryPage } from './history.js';
import { toRecord } from './records.js';
import { pageSchema } from './schemas.js';

/** A longer key does not fit into a URL. */
const MAX_KEY_LENGTH = 4096;
/** Keys that mean that there is no next page. */
const NO_KEY: readonly string[] = ['', '""', 'null', '{}', '[]', 'false'];

/**
 * Requests one page of the list of executions.
 *
 * @param key key of the page. Default: the first page
 * @param awaited executions whose records get a report. Default: none
 * @throws {@link UploadError} `API_ANSWER_UNEXPECTED` if the key of the next page is too long to be sent, or what the call throws
 */
export async function readPage(
  key: string | undefined,
  call: (call: ApiCall<typeof pageSchema>) => Promise<z.output<typeof pageSchema>>,
  awaited: ExecutionIds | undefined,
): Promise<HistoryPage> {
  // The vendor's clients disagree on the name of the parameter.
  const query = key === undefined ? '' : `?${new URLSearchParams({ start_key: key, nextToken: key })}`;
  const page = await call({
    purpose: 'list the executions',
    method: 'GET',
    kind: 'list',
    path: `/executions${query}`,
    response: pageSchema,
  });
  const executions = page.executions ?? page.items ?? [];
  return {
    executions: executions.map((each) => toRecord(each, awaited?.has(each.id ?? each.executionId ?? ''))),
    nextKey: textOfKey(page.nextKey ?? page.nextToken),
  };
}

function textOfKey(key: unknown): string | undefined {
  const text = typeof key === 'string' ? key : JSON.stringify(key ?? '');
  if (NO_KEY.includes(text)) return undefined;
  if (text.length <= MAX_KEY_LENGTH) return text;
  throw new UploadError(
    'API_ANSWER_UNEXPECTED',
    'Cannot list the executions: the key of the next page is longer than a URL can be',
    { final: true },
  );
}
