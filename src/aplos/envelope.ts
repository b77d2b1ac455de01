import { z } from 'zod';
import { isObject } from '../contract/json.js';

/** Returns the schema of a response in the envelope of version 3. A response without the envelope is parsed as it is. */
export const enveloped = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess((value) => (isObject(value) && isObject(value.data) ? value.data : value), schema);
