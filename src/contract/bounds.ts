/**
 * Whether a value from outside has more levels or more values than can be taken, looked at without recursion, so that no
 * depth and no cycle overflows the stack of what comes after.
 *
 * @returns the problem; `undefined` where there is none
 */
export function boundsProblem(
  input: unknown,
  limits: { readonly depth: number; readonly bytes: number },
): string | undefined {
  const open = [{ value: input, depth: 0 }];
  let values = 0;
  for (let next = open.pop(); next; next = open.pop()) {
    if (++values > limits.bytes)
      // each takes a byte at the least
      return `request: has more than ${limits.bytes.toLocaleString('en')} values`;
    const { value, depth } = next;
    if (typeof value !== 'object' || value === null) continue;
    if (depth === limits.depth) return `request: is nested deeper than ${limits.depth} levels`;
    for (const each of Object.values(value)) open.push({ value: each, depth: depth + 1 });
  }
  return undefined;
}

/** A place in a value that JSON cannot hold, or that would not come back as it was sent. */
export interface NoJson {
  readonly path: PropertyKey[];
  readonly problem: string;
}

/** Finds what is no JSON in a value whose depth has been bounded. A key of an object may be absent, and so `undefined`. */
export function findNoJson(value: unknown, path: PropertyKey[] = []): NoJson[] {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return [];
  if (typeof value === 'number')
    return Number.isFinite(value) ? [] : [{ path, problem: `${value} is not a number of JSON` }];
  if (Array.isArray(value)) return value.flatMap((each, index) => findNoJson(each, [...path, index]));
  if (typeof value !== 'object') return [{ path, problem: `${typeof value} is not JSON` }];
  if (!isPlain(value)) return [{ path, problem: `a ${value.constructor?.name} is not JSON` }];
  return Object.entries(value).flatMap(([key, each]) => {
    if (key === '__proto__') return [{ path, problem: 'the key "__proto__" is not allowed' }];
    return each === undefined ? [] : findNoJson(each, [...path, key]);
  });
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
