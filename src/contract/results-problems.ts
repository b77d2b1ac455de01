import { executionLabel } from './names.js';
import type { ResultsDestination } from './results.js';
import { findClash, findTemplateProblem, isOnHost, resultsLocation } from './results-location.js';

/** The parts of a request that a results location depends on. */
interface Names {
  readonly profile: string;
  readonly batch?: string | undefined;
  readonly fileName?: string | undefined;
  readonly executions: readonly { readonly label?: string | undefined }[];
}

/** Returns what is wrong with a destination of results, each following the name of the field. */
export function findResultsProblems(
  { results, unpackResults = false }: ResultsDestination,
  { profile, batch, fileName = 'pk.csv', executions }: Names,
): string[] {
  const names = { profile, batch, fileName };
  const problem = findTemplateProblem(results, { ...names, label: 'label', executionId: 'id' });
  if (problem !== undefined) return [problem];
  // The IDs are not known before the start, except that they differ.
  const placed = executions.map((execution, index) => {
    const label = executionLabel(execution, index);
    return { label, location: resultsLocation(results, { ...names, label, executionId: `${index}` }) };
  });
  const clash = findClash(placed, unpackResults);
  return [
    ...(clash
      ? [
          `gives the executions "${clash[0]}" and "${clash[1]}" the same location; add {label} or {executionId}`,
        ]
      : []),
    ...(unpackResults && !isOnHost(results)
      ? ['must be a file: URL, because packages are not unpacked in S3']
      : []),
  ];
}
