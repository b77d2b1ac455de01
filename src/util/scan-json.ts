/** Limits of a JSON text. */
export interface JsonLimits {
  /** Levels of nested objects and arrays. */
  readonly depth: number;
  /** Values, including objects and arrays. */
  readonly values: number;
}

/** Options of {@link scanJson}. */
export interface JsonScanOptions extends JsonLimits {
  /** True finds numbers and duplicate keys that `JSON.parse` would alter or drop. It takes longer. */
  readonly isExact: boolean;
}

/** A part of a JSON text that `JSON.parse` accepts but alters or drops. */
export interface JsonTextProblem {
  readonly path: readonly (string | number)[];
  readonly problem: string;
}

/** Result of {@link scanJson}. */
export interface JsonScan {
  /** Limit that the text exceeds, e.g. `is nested deeper than 64 levels`. The scan ends there. Default: none */
  readonly oversized?: string;
  /** At most 30. */
  readonly problems: readonly JsonTextProblem[];
}

const MAX_PROBLEMS = 30;

/**
 * Scans a JSON text before it is parsed: for its size, and for numbers and duplicate keys that `JSON.parse` would alter or drop
 * silently. Uses little memory. It does not check the syntax: parse the text as well.
 */
export const scanJson = (text: string, options: JsonScanOptions): JsonScan =>
  new Scanner(text, options).scan();

/** An object or array that is open. */
interface Level {
  /** Keys so far; `undefined` in an array. */
  readonly keys: Set<string> | undefined;
  /** Key or index of the current value. */
  at: string | number;
  expectsKey: boolean;
}

class Scanner {
  readonly #text: string;
  readonly #options: JsonScanOptions;
  readonly #levels: Level[] = [];
  readonly #problems: JsonTextProblem[] = [];

  constructor(text: string, options: JsonScanOptions) {
    this.#text = text;
    this.#options = options;
  }

  scan(): JsonScan {
    const text = this.#text;
    const { depth: maxDepth, values: maxValues, isExact } = this.#options;
    let depth = 0;
    let values = 1;
    for (let position = 0; position < text.length; position++) {
      const character = text[position] ?? '';
      switch (character) {
        case '"': {
          const end = endOfString(text, position);
          if (isExact) this.#string(position, end);
          position = end;
          continue;
        }
        case '{':
        case '[':
          if (++depth > maxDepth) return this.#oversized(`is nested deeper than ${maxDepth} levels`);
          if (isExact) this.#open(character === '{');
          break;
        case '}':
        case ']':
          depth--;
          this.#levels.pop();
          continue;
        case ',':
          if (isExact) this.#next();
          break;
        default:
          if (isExact && STARTS_NUMBER.test(character)) position += this.#number(position) - 1;
          continue;
      }
      if (++values > maxValues)
        return this.#oversized(`has more than ${maxValues.toLocaleString('en')} values`);
    }
    return { problems: this.#problems };
  }

  #open(isObject: boolean): void {
    this.#levels.push(
      isObject
        ? { keys: new Set(), at: '', expectsKey: true }
        : { keys: undefined, at: 0, expectsKey: false },
    );
  }

  #next(): void {
    const level = this.#levels.at(-1);
    if (level?.keys) level.expectsKey = true;
    else if (level && typeof level.at === 'number') level.at++;
  }

  #string(start: number, end: number): void {
    const level = this.#levels.at(-1);
    if (!level?.expectsKey) return;
    level.expectsKey = false;
    const key = unescaped(this.#text.slice(start, end + 1));
    level.at = key;
    if (level.keys?.has(key)) this.#add('is given more than once');
    level.keys?.add(key);
  }

  /** Returns the length of the number. */
  #number(start: number): number {
    NUMBER.lastIndex = start;
    const [literal = ''] = NUMBER.exec(this.#text) ?? [];
    const problem = numberProblem(literal);
    if (problem !== undefined) this.#add(problem);
    return literal.length;
  }

  #add(problem: string): void {
    if (this.#problems.length < MAX_PROBLEMS)
      this.#problems.push({ path: this.#levels.map(({ at }) => at), problem });
  }

  #oversized(oversized: string): JsonScan {
    return { oversized, problems: this.#problems };
  }
}

const STARTS_NUMBER = /[-0-9]/;
const NUMBER = /[-+.0-9eE]+/y;

/** Returns the index of the quote that ends a string; the length of the text if none does. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text[end - 1 - backslashes] === '\\') backslashes++;
    if (backslashes % 2 === 0) return end;
  }
  return text.length;
}

/** `"a"` and `"\u0061"` are the same key. */
function unescaped(literal: string): string {
  try {
    return String(JSON.parse(literal));
  } catch {
    return literal;
  }
}

const MAX_SHOWN = 40;

/** Returns what JavaScript would make of a number, if that is another number. */
function numberProblem(literal: string): string | undefined {
  const value = Number(literal);
  if (Number.isNaN(value)) return undefined;
  const stored = Object.is(value, -0) ? '0' : String(value);
  if (decimalOf(literal) === decimalOf(stored)) return undefined;
  const shown = literal.length > MAX_SHOWN ? `${literal.slice(0, MAX_SHOWN)}…` : literal;
  return `${shown} cannot be stored exactly, and would become ${stored}`;
}

/** Returns a form of a decimal number that depends on its value only: sign, digits, and power of ten. */
function decimalOf(number: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^([-+]?)(\d*)\.?(\d*)(?:[eE]([-+]?\d+))?$/.exec(number) ?? [];
  const digits = (whole + fraction).replace(/^0+/, '');
  let length = digits.length;
  while (digits[length - 1] === '0') length--;
  if (length === 0) return `${sign}0`;
  return `${sign}${digits.slice(0, length)}e${Number(exponent) - fraction.length + digits.length - length}`;
}
