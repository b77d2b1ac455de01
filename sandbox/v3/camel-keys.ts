/** Returns a key in camelCase, as the service writes keys: `x-amz-date` becomes `xAmzDate`, `STUDYID` becomes `studyid`. */
export const camelKey = (key: string): string => {
  const parts = key.split(/[_-]+/).filter(Boolean);
  if (parts.length < 2)
    return /^[A-Z\d]+$/.test(key) ? key.toLowerCase() : key.charAt(0).toLowerCase() + key.slice(1);
  return parts
    .map((part, index) =>
      index === 0 ? part.toLowerCase() : part.charAt(0).toUpperCase() + part.slice(1).toLowerCase(),
    )
    .join('');
};

/** Returns a value with all keys in camelCase, at every depth. */
export function camelKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(camelKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [camelKey(key), camelKeys(each)]));
}
