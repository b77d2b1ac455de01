import type { JsonObject, JsonValue } from './json.js';
import { plainKey } from './plain-key.js';
import { SECTIONS, type Section, type Sections } from './sections.js';

const NAMES = new Map<string, Section | 'metaData'>([
  ...SECTIONS.map((name) => [plainKey(name), name] as const),
  [plainKey('metaData'), 'metaData'],
  // The name of the configuration in the request of version 3.
  ['calculation', 'configuration'],
]);

/**
 * Returns the sections in the content of a configuration file. Their keys may be in camelCase or snake_case. The other keys are
 * the configuration itself, unless the file has a key `configuration`. The content of the sections is not changed.
 *
 * @returns the problem as a phrase if the keys contradict each other
 */
export function readSections(content: JsonObject): Sections | string {
  const found = new Map<string, { readonly key: string; readonly value: JsonValue }>();
  const rest: [string, JsonValue][] = [];
  for (const [key, value] of Object.entries(content)) {
    const name = NAMES.get(plainKey(key));
    if (!name) {
      rest.push([key, value]);
      continue;
    }
    const same = found.get(name);
    if (same) return `has both "${same.key}" and "${key}"`;
    found.set(name, { key, value });
  }
  const configuration = found.get('configuration');
  const [other] = rest;
  if (configuration && other) return `has the unknown key "${other[0]}" next to "${configuration.key}"`;
  const sections = Object.fromEntries([...found].map(([name, { value }]) => [name, value]));
  return { configuration: Object.fromEntries(rest), ...sections } as Sections;
}
