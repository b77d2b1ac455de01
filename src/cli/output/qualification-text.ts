import { CASE_FILES } from '../../qualification/cases.js';
import { differenceText } from '../../qualification/difference-text.js';
import type { CaseOutcome, QualificationReport } from '../../qualification/report.js';
import { count } from '../../util/units.js';
import { out } from './colors.js';
import { MAX_LINES } from './errors.js';

/** Returns the lines that say what became of a case. */
export function caseLines({ case: { name }, failure, comparison, checks }: CaseOutcome): string[] {
  if (failure) return [`${out.red('✗')} ${name}: ${failure.code}: ${failure.message}`];
  const failed = checks.filter(({ holds }) => !holds);
  const { cells = 0, numbers = 0, differences = [] } = comparison ?? {};
  const compared = `${count(cells, 'value')} compared, ${numbers.toLocaleString('en')} of them numbers`;
  if (failed.length === 0) return [`${out.green('✓')} ${name}: ${compared}, no difference`];
  const shown = differences.slice(0, MAX_LINES);
  return [
    `${out.red('✗')} ${name}: ${comparison ? `${compared}, ${count(differences.length, 'difference')}` : 'not compared'}`,
    ...shown.map((each) => `    ${name}/${CASE_FILES.expected}, ${differenceText(each)}`),
    ...(shown.length < differences.length ? [`    … and ${differences.length - shown.length} more`] : []),
    ...failed
      .filter(({ requirement }) => differences.length === 0 || requirement !== 'REQ-17')
      .map(({ requirement, evidence }) => `    ${requirement}: ${evidence}`),
  ];
}

/** Returns the lines that sum up a qualification. */
export function summaryOf({ passed, uploads, charges, repeated }: QualificationReport): string[] {
  const passing = uploads.filter((each) => each.passed).length;
  return [
    `${passed ? 'Passed' : 'Failed'}: ${passing} of ${count(uploads.length, 'case')} passed. ${count(charges.started, 'execution')} started, ${charges.found} found at Aplos and not paid again.`,
    ...(repeated.length > 0
      ? [
          `${count(repeated.length, 'case')} had been uploaded before, so only their results were fetched and compared. To run the whole chain again, which is charged, add --again TEXT.`,
        ]
      : []),
  ];
}
