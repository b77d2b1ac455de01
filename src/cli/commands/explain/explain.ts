import { errorText } from '../../../contract/error-text.js';
import { type ErrorCode, errorTable, isErrorCode } from '../../../contract/errors.js';
import { didYouMean } from '../../../settings/did-you-mean.js';
import { out } from '../../output/colors.js';
import { BadInputError } from '../../output/errors.js';
import { roomOf, wrap } from '../../output/fit.js';
import { table } from '../../output/table.js';
import { print, printJson } from '../../output/terminal.js';

const CODES = Object.keys(errorTable) as ErrorCode[];
const MAX_COLUMNS = 100;

/**
 * Prints what error codes mean and what to do.
 *
 * @param texts codes, or texts that contain one, such as a line that another command printed. Empty: all codes, as a list
 * @throws BadInputError naming each text that contains no code
 */
export function explain(texts: readonly string[], { json }: { readonly json?: true }): void {
  const codes = texts.length === 0 ? CODES : codesIn(texts);
  if (json) for (const code of codes) printJson({ code, ...errorTable[code] });
  else if (texts.length === 0) print(...list());
  else for (const code of codes) print(...section(code));
}

/** Returns the codes in texts. A message that was pasted without quotes arrives as one text per word, of which one is a code. */
function codesIn(texts: readonly string[]): ErrorCode[] {
  const found = texts.map((text) =>
    text
      .toUpperCase()
      .match(/[A-Z][A-Z\d_]+/g)
      ?.find(isErrorCode),
  );
  const codes = [...new Set(found.filter((code) => code !== undefined))];
  const isMessage = codes.length > 0 && texts.some((text) => text.endsWith(':') || text === '✗');
  const unknown = texts.filter((_, index) => found[index] === undefined);
  if (unknown.length > 0 && !isMessage)
    throw new BadInputError(
      unknown.map((text) => `"${text}" is not an error code${suggestion(text)}.`),
      'To list all codes: aplos-upload explain',
    );
  return codes;
}

function suggestion(text: string): string {
  const hint = didYouMean(text.toUpperCase().replaceAll('-', '_'), CODES);
  return hint.startsWith('(did') ? ` ${hint}` : '';
}

function list(): string[] {
  const { columns } = roomOf(process.stdout);
  const rows = table(CODES.map((code) => [code, errorTable[code].meaning]));
  return rows.map((row) =>
    process.stdout.isTTY && row.length > columns ? `${row.slice(0, columns - 1)}…` : row,
  );
}

function section(code: ErrorCode): string[] {
  const { meaning, remedy, traits, action } = errorText(code);
  const columns = Math.min(MAX_COLUMNS, roomOf(process.stdout).columns);
  const paragraph = (text: string) => [...wrap(text, columns), ''];
  return [
    out.bold(code),
    ...paragraph(meaning),
    ...paragraph(`${remedy}. ${traits}`),
    ...paragraph(action),
    `Uploads with this error: aplos-upload status --error ${code}`,
    '',
  ];
}
