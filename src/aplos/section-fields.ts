import type { Section } from '../contract/sections.js';
import type { StartRequest } from './api.js';

/** Fields of a request body, by the section that each holds. */
export type SectionFields = { readonly [Name in Section]?: string };

/** Returns the fields of the sections, which are sent unchanged. */
export const sectionsAs = (
  fields: SectionFields,
  execution: StartRequest['execution'],
): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(fields).map(([name, field]) => [field, execution[name as Section]]));
