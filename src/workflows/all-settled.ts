/**
 * Waits until all work is done, and only then throws a failure, so that nothing that succeeds is lost.
 *
 * @param comesFirst reports whether a failure is thrown before the others. Default: the first one in the order of the work is
 */
export async function allSettled<Result>(
  work: readonly Promise<Result>[],
  comesFirst: (failure: unknown) => boolean = () => false,
): Promise<Result[]> {
  const outcomes = await Promise.allSettled(work);
  const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
  if (failures.length > 0) throw failures.find(comesFirst) ?? failures[0];
  return outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
}
