/**
 * Checks that an untrusted value is not nested too deeply and does not hold too many values. Uses no recursion, so that neither
 * depth nor a cycle overflows the stack, here or in later checks.
 *
 * @returns the problem; `undefined` if there is none
 */
export function findSizeProblem(
  input: unknown,
  limits: { readonly depth: number; readonly bytes: number },
): string | undefined {
  const open = [{ value: input, depth: 0 }];
  let values = 0;
  for (let next = open.pop(); next; next = open.pop()) {
    // Each value takes at least one byte of JSON.
    if (++values > limits.bytes) return `request: has more than ${limits.bytes.toLocaleString('en')} values`;
    const { value, depth } = next;
    if (typeof value !== 'object' || value === null) continue;
    if (depth === limits.depth) return `request: is nested deeper than ${limits.depth} levels`;
    for (const each of Object.values(value)) open.push({ value: each, depth: depth + 1 });
  }
  return undefined;
}

/** A part of a value that JSON cannot represent, or that parsing would not restore unchanged. */
export interface JsonProblem {
  readonly path: PropertyKey[];
  readonly problem: string;
}

/** Finds the parts of a value that are not JSON. The depth of the value must be limited. Keys that are `undefined` count as absent. */
export function findJsonProblems(value: unknown, path: PropertyKey[] = []): JsonProblem[] {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return [];
  if (Object.is(value, -0)) return [{ path, problem: '-0 is not a JSON number, and would become 0' }];
  if (typeof value === 'number')
    return Number.isFinite(value) ? [] : [{ path, problem: `${value} is not a JSON number` }];
  // Unlike flatMap, this visits holes, which would become null.
  if (Array.isArray(value))
    return Array.from(value, (each: unknown, index) => findJsonProblems(each, [...path, index])).flat();
  if (typeof value !== 'object') return [{ path, problem: `${typeof value} is not JSON` }];
  if (!isPlain(value)) return [{ path, problem: `a ${value.constructor?.name} is not JSON` }];
  return Object.entries(value).flatMap(([key, each]) => {
    if (key === '__proto__') return [{ path, problem: 'the key "__proto__" is not allowed' }];
    return each === undefined ? [] : findJsonProblems(each, [...path, key]);
  });
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
