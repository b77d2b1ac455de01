import type { AnalysisPreview, KnownExecution } from '../../client.js';
import { quote } from '../../util/quote.js';
import { counts } from '../../util/units.js';

/** An analysis, as a preview shows it. */
export type ShownAnalysis = Omit<AnalysisPreview, 'state'> & {
  /** `unlisted`: its upload is done, but Aplos does not list the execution: it was deleted, or the list lags behind. */
  readonly state: AnalysisPreview['state'] | 'unlisted';
};

/** An analysis of a file that was analyzed before under another name or with other metadata. */
const isRepeated = ({ state, again, similar }: ShownAnalysis): boolean =>
  state === 'new' && again === undefined && similar.length > 0;

/** Returns what is known of the analyses of a file, on one line. */
export const analysesText = (fileName: string, analyses: readonly ShownAnalysis[]): string =>
  analyses.map((analysis) => analysisText(fileName, analysis)).join('; ');

function analysisText(fileName: string, analysis: ShownAnalysis): string {
  const { label, state, again, execution, similar } = analysis;
  const name = again === undefined ? label : `${label} (again: ${again})`;
  if (state === 'unknown')
    return `${name} cannot be checked before the upload, because the content of the file is not known`;
  if (state === 'unlisted') return `${name} is not in Aplos's list`;
  if (execution) return `${name} was paid ${timeOf(execution)} (${describe(execution)})`;
  const [latest] = similar;
  if (!latest || !isRepeated(analysis)) return `${name} is new`;
  return `${name} is new, but the same data and configuration were analyzed ${differenceTo(latest, fileName)} ${timeOf(latest)} (${describe(latest)})`;
}

const describe = ({ executionId, status }: KnownExecution) => `execution ${executionId}, ${status}`;

/** Names the difference between an analysis and one of a file with this name, without a reason. */
function differenceTo({ fileName, again }: KnownExecution, newName: string): string {
  if (fileName !== undefined && fileName !== newName) return `as ${quote(fileName)}`;
  return again === undefined ? 'with other metadata' : `for the reason ${quote(again)}`;
}

function timeOf({ requestedAt }: KnownExecution): string {
  const time = Date.parse(requestedAt ?? '');
  return Number.isNaN(time)
    ? 'before'
    : `on ${new Date(time).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

const stateNames = {
  new: 'new',
  paid: 'paid before',
  unknown: 'unknown until the upload',
  unlisted: "not in Aplos's list",
} as const satisfies Record<ShownAnalysis['state'], string>;

/**
 * Returns the lines that sum up all analyses of a command. An analysis that several files or labels share is counted once.
 */
export function summaryLines(analyses: readonly ShownAnalysis[]): string[] {
  const distinct = [
    ...new Map(analyses.map((analysis, index) => [analysis.trackingId ?? index, analysis])).values(),
  ];
  const tally = new Map<string, number>();
  for (const state of ['new', 'paid', 'unlisted', 'unknown'] as const) {
    const number = distinct.filter((analysis) => analysis.state === state).length;
    if (number > 0) tally.set(stateNames[state], number);
  }
  if (tally.size === 0) return [];
  const repeated = distinct.filter(isRepeated).length;
  return [
    `Analyses: ${counts(tally)}.${tally.has(stateNames.paid) ? ' What was paid before is not started again. To run it again, add --again TEXT.' : ''}`,
    ...(repeated > 0
      ? [
          `${repeated.toLocaleString('en')} of the new analyses ${repeated === 1 ? 'has' : 'have'} the same data and configuration as an earlier one under another file name or with other metadata.`,
        ]
      : []),
  ];
}
