const UNPAIRED_SURROGATES = /\p{Cs}/gu;

/**
 * Limits the length of a text from outside this program. The result is well-formed Unicode: the cut does not split a character,
 * and what is half a character becomes U+FFFD. Temporal does not accept anything else.
 *
 * @param maxLength in UTF-16 code units; a shortened text has an ellipsis in addition
 */
export function cutText(text: string, maxLength: number): string {
  const isCut = text.length > maxLength;
  const start = isCut ? text.slice(0, maxLength).replace(/[\ud800-\udbff]$/, '') : text;
  return start.replace(UNPAIRED_SURROGATES, '\ufffd') + (isCut ? '…' : '');
}
