import type { JsonObject, JsonValue } from './json.js';

/** Parts of an analysis that are sent to Aplos unchanged. */
export const SECTIONS = [
  'configuration',
  'dataCleaning',
  'customCalculations',
  'customPlots',
  'customTables',
  'dataProcessing',
  'postProcessing',
] as const;

/** Part of an analysis that is sent to Aplos unchanged. */
export type Section = (typeof SECTIONS)[number];

/** The sections of an analysis, and its metadata. */
export type Sections = { readonly [Name in Exclude<Section, 'configuration'>]?: JsonValue | undefined } & {
  readonly configuration: JsonObject;
  readonly metaData?: JsonValue | undefined;
};

/** Returns the sections that at least one of these analyses has. */
export const sectionsInAny = (analyses: readonly Sections[]): Section[] => [
  ...new Set(analyses.flatMap(sectionsIn)),
];

/** Returns the sections that an analysis has. An empty configuration counts as none. */
export const sectionsIn = (analysis: Sections): Section[] =>
  SECTIONS.filter((name) => {
    const section = analysis[name];
    return (
      section !== undefined && !(name === 'configuration' && Object.keys(analysis.configuration).length === 0)
    );
  });
