import { type CancellationInput, parseCancellationInput } from '../contract/cancellation.js';
import { decodeInput } from './raw-input.js';

/** Validates the argument of `cancelExecutions`. Returns a list, as the result of an activity must not look like its input. */
export async function checkCancellation(input: unknown, argumentCount: number): Promise<[CancellationInput]> {
  return [parseCancellationInput(decodeInput(input, argumentCount))];
}
