import { distance } from 'fastest-levenshtein';
import { didYouMean } from './did-you-mean.js';
import { invalidSettings } from './secrets.js';
import type { Environment } from './setting.js';
import { temporalVariables } from './temporal-variables.js';

/**
 * Checks that no variable is a misspelt name of a setting. Other programs may have variables with the same prefixes, so a name
 * counts as misspelt only if it nearly equals a known one.
 *
 * @param own variables that this program reads itself, besides those of Temporal's libraries
 * @throws UploadError `SETTINGS_INVALID` naming each misspelt variable, and the one that was probably meant
 */
export function assertNoTypos(environment: Environment, own: readonly string[]): void {
  const known = [...own, ...temporalVariables];
  const problems = Object.keys(environment)
    .filter((name) => environment[name] && !known.includes(name))
    .filter((name) => known.some((each) => isTypo(name, each) && environment[each] !== environment[name]))
    .map((name) => `${name}: unknown variable ${didYouMean(name.toUpperCase(), known)}`);
  if (problems.length > 0) throw invalidSettings(`The environment is invalid: ${problems.join('; ')}`);
}

const MAX_TYPOS = 2;

/** Reports whether a name is so similar to a known one that it is probably a typo. Names of other things differ in a whole word. */
function isTypo(name: string, known: string): boolean {
  if (process.platform === 'win32' && name.toUpperCase() === known) return false;
  const written = name.toUpperCase().replaceAll('-', '_');
  if (digitsOf(written) !== digitsOf(known)) return false;
  const [words, knownWords] = [written.split('_'), known.split('_')];
  if (words.length !== knownWords.length) return typos(words.join(''), knownWords.join('')) <= 1;
  const perWord = words.map((word, index) => typosInWord(word, knownWords[index] ?? ''));
  return perWord.reduce((sum, each) => sum + each, 0) <= MAX_TYPOS;
}

/** A number marks another thing, such as a second account. */
const digitsOf = (name: string) => name.replace(/\D/g, '');

/** Returns the number of typos in a word; more than are accepted if it is probably another word. */
function typosInWord(word: string, known: string): number {
  const number = typos(word, known);
  const length = Math.max(word.length, known.length);
  const accepted = length < 3 ? 0 : length < 5 ? 1 : MAX_TYPOS;
  return number <= accepted ? number : MAX_TYPOS + 1;
}

/** Returns the number of letters that are wrong, missing or too many. Two swapped letters count once. */
function typos(written: string, known: string): number {
  const lengths = Math.abs(written.length - known.length);
  if (lengths > MAX_TYPOS) return lengths; // at least
  const at = [...known].findIndex((letter, index) => letter !== written[index]);
  const swapped = known.slice(0, at) + (known[at + 1] ?? '') + (known[at] ?? '') + known.slice(at + 2);
  return at >= 0 && written === swapped ? 1 : distance(written, known);
}
