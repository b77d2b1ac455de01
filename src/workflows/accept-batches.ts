import { defaultPayloadConverter, RawValue, rawValueTypeInfo } from '@temporalio/common';
import { defineSignal, log, setHandler } from '@temporalio/workflow';
import { ADD_BATCH_SIGNAL, parseAddBatch } from '../contract/batches.js';
import type { RunVisibility } from './visibility.js';

/** More arguments than any client sends. Temporal decodes the arguments after these, which blocks the workflow if it fails. */
const MAX_ARGUMENTS = 16;
/** Types of arguments that the workflow decodes itself, so that malformed ones do not block it. */
export const undecodedInputs = Array.from({ length: MAX_ARGUMENTS }, () => rawValueTypeInfo);

const addBatchSignal = defineSignal<unknown[]>(ADD_BATCH_SIGNAL, {
  typeInfo: { inputTypes: undecodedInputs },
});

/** Makes the run count for each batch in which its work is asked for while it is running. Ignores malformed signals. */
export function acceptBatches(visibility: RunVisibility): void {
  setHandler(addBatchSignal, (input) => {
    const added = parseAddBatch(decode(input));
    if (added) visibility.addBatch(added);
    else log.warn('Ignored a malformed signal', { signal: ADD_BATCH_SIGNAL });
  });
}

function decode(input: unknown): unknown {
  try {
    return input instanceof RawValue ? defaultPayloadConverter.fromPayload(input.payload) : input;
  } catch {
    return undefined;
  }
}
