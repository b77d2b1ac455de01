import { z } from 'zod';
import { UploadError } from '../../contract/errors.js';

import { type RunRef, runRefSchema } from '../../contract/stored-file.js';
import { parseJson, readText } from '../../files/json-file.js';
import { quote } from '../../util/quote.js';

/** What a receipt says about the file at Aplos. */
export interface StoredReceipt {
  readonly profile: string;
  readonly fileName: string;
  readonly fileId?: string | undefined;
  readonly sha256: string;
  readonly sizeBytes?: number | undefined;
  /** Run that uploaded the file. */
  readonly storedBy: RunRef;
}

const text = z.string().min(1);
const schema = z
  .object({
    workflowId: text,
    runId: text,
    profile: text,
    fileName: text,
    fileId: text.optional(),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    sizeBytes: z.number().optional(),
    repeatOf: text.optional(),
    storedBy: runRefSchema.optional(),
  })
  .transform(
    ({ workflowId, runId, repeatOf, storedBy, ...file }): StoredReceipt => ({
      ...file,
      storedBy: storedBy ?? { workflowId, runId: repeatOf ?? runId },
    }),
  );

/**
 * Reads receipts from a file: one as JSON, or one per line, as `--json` prints them. Lines that are about failed uploads are left out.
 *
 * @throws UploadError `REQUEST_INVALID` if the file has no receipt
 */
export async function readReceipts(path: string): Promise<StoredReceipt[]> {
  const content = (await readText(path, path)).trim();
  const values =
    parsedWhole(content) ??
    content
      .split('\n')
      .filter(Boolean)
      .map((line) => parseJson(line, path));
  const receipts = values.flatMap((value) => schema.safeParse(value).data ?? []);
  if (receipts.length > 0) return receipts;
  throw new UploadError('REQUEST_INVALID', `${quote(path)} contains no receipt of an upload`, {
    action: 'Name the data file, or a file that "aplos-upload upload --json" has printed.',
  });
}

/** Returns the values of a text that is JSON as a whole; `undefined` if it is not. */
function parsedWhole(content: string): unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(content);
    return [value].flat();
  } catch {
    return undefined;
  }
}
