import { z } from 'zod';
import { isObject } from '../contract/json.js';
import { plainKey } from '../contract/plain-key.js';

/** Returns the schema of an object whose keys may have any case: `fileId`, `file_id` and `FileId` are read as `fileId`. */
export function anyCase<Shape extends z.ZodRawShape>(shape: Shape) {
  const names = new Map(Object.keys(shape).map((name) => [plainKey(name), name]));
  return z.preprocess((value) => (isObject(value) ? renamed(value, names) : value), z.object(shape));
}

/** A key with the exact name wins over other spellings of it. */
function renamed(value: Readonly<Record<string, unknown>>, names: ReadonlyMap<string, string>): object {
  const result: Record<string, unknown> = {};
  for (const [key, each] of Object.entries(value)) {
    const name = names.get(plainKey(key));
    if (name !== undefined && (name === key || !(name in result))) result[name] = each;
  }
  return result;
}
