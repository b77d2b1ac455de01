import { z } from 'zod';
import type { JsonObject } from '../contract/json.js';

const columnName = z.string().optional();
const columnsSchema = z
  .object({ unique_id: columnName, uniqueId: columnName, grouping: z.array(z.string()).default([]) })
  .catch({ grouping: [] });

/** Column with the code of a parameter, as Aplos names it in its results. */
const PARAMETER_CODE = 'paramcd';

/** Returns the columns that identify a row of the results of a configuration: its groups, its subject, and the parameter. */
export function keyColumnsOf({ columns }: JsonObject): string[] {
  const { unique_id, uniqueId = unique_id, grouping } = columnsSchema.parse(columns ?? {});
  return [...new Set([...grouping, ...(uniqueId === undefined ? [] : [uniqueId]), PARAMETER_CODE])];
}
