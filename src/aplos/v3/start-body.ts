import type { JsonValue } from '../../contract/json.js';
import { sectionsIn } from '../../contract/sections.js';
import type { FileRef } from '../../contract/steps.js';
import type { AplosProfile } from '../../settings/settings.js';
import type { StartRequest } from '../api.js';
import { type SectionFields, sectionsAs } from '../section-fields.js';
import { startBodyV1 } from '../v1/start-body.js';

/** Sections of the body of version 3, and the field of each. */
export const SECTION_FIELDS_V3 = {
  configuration: 'calculation',
  dataCleaning: 'data_cleaning',
  customCalculations: 'custom_calculations',
  customPlots: 'custom_plots',
  customTables: 'custom_tables',
} as const satisfies SectionFields;

/** Returns the body of a start. The sections are sent unchanged. */
export function startBody(
  kind: AplosProfile['startBody'],
  file: FileRef,
  execution: StartRequest['execution'],
  { name, metaData }: { readonly name: string; readonly metaData: JsonValue },
): object {
  // Only the body of version 1 can name a file without an ID.
  if (kind === 'v1' || file.fileId === undefined) return { name, ...startBodyV1(file, execution, metaData) };
  const sections = sectionsIn(execution);
  const { calculation, ...others } = sectionsAs(SECTION_FIELDS_V3, execution);
  return {
    file_id: file.fileId,
    name,
    // An empty configuration is only sent if there is nothing else.
    ...(sections.includes('configuration') || sections.length === 0 ? { calculation } : {}),
    ...others,
    metadata: metaData,
  };
}
