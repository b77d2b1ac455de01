import { createHash } from 'node:crypto';
import { SECTIONS } from '../src/contract/sections.js';
import { readCases } from '../src/qualification/cases.js';
import { sha256OfJson } from '../src/records/canonical.js';
import { camelKey } from './v3/camel-keys.js';

/** The parts of a start that decide on the results. */
interface Analysis {
  readonly configuration: Readonly<Record<string, unknown>>;
  readonly dataProcessing?: unknown;
  readonly postProcessing?: unknown;
  readonly sections?: Readonly<Record<string, unknown>>;
}

/** Returns the results of an analysis that are known, as a CSV; `undefined` if they must be calculated. */
export type KnownResults = (file: Uint8Array, analysis: Analysis) => Uint8Array | undefined;

/**
 * Reads the results that cases expect.
 *
 * @param folder folder of cases. Default: no results are known
 * @throws InvalidCasesError with every problem
 */
export async function knownResultsIn(folder: string | undefined): Promise<KnownResults> {
  if (folder === undefined) return () => undefined;
  const cases = await readCases(folder);
  const results = new Map(
    cases.map((each) => [`${each.inputSha256} ${hashOfSections(each.sections)}`, each.expectedBytes]),
  );
  return (file, { configuration, dataProcessing, postProcessing, sections }) => {
    const sha256 = createHash('sha256').update(file).digest('hex');
    const hash = hashOfSections({ configuration, dataProcessing, postProcessing, ...sections });
    return results.get(`${sha256} ${hash}`);
  };
}

/** Returns a hash of the sections of an analysis, whatever the style of their names. */
function hashOfSections(sections: object): string {
  const byName = new Map(Object.entries(sections).map(([key, value]) => [camelKey(key), value as unknown]));
  return sha256OfJson(Object.fromEntries(SECTIONS.map((name) => [name, byName.get(name) ?? null])));
}
