import { isObject, type JsonObject } from '../contract/json.js';
import { plainKey } from '../contract/plain-key.js';

/** Keys under which a package may have the configuration, if not at the top. */
const WRAPPERS = ['configuration', 'calculation'];

/**
 * Reports whether the configuration in a package has every value that was sent. Keys may have another case, numbers may be
 * text, and there may be more keys, because Aplos adds its defaults.
 */
export function hasConfiguration(found: unknown, sent: JsonObject): boolean {
  const wrapped = isObject(found) ? WRAPPERS.map((key) => found[key]) : [];
  return [found, ...wrapped].some((each) => includes(each, sent));
}

function includes(found: unknown, sent: unknown): boolean {
  if (sent === undefined || sent === null) return found === undefined || found === null;
  if (typeof sent === 'number')
    return found === sent || (typeof found === 'string' && Number(found) === sent);
  if (typeof sent !== 'object') return found === sent;
  if (Array.isArray(sent))
    return (
      Array.isArray(found) &&
      found.length === sent.length &&
      sent.every((each, index) => includes(found[index], each))
    );
  if (!isObject(found)) return false;
  const byPlainKey = new Map(Object.entries(found).map(([key, value]) => [plainKey(key), value]));
  return Object.entries(sent).every(([key, value]) =>
    includes(Object.hasOwn(found, key) ? found[key] : byPlainKey.get(plainKey(key)), value),
  );
}
