import { defaultPayloadConverter, RawValue } from '@temporalio/common';
import { defineSignal, log, setHandler } from '@temporalio/workflow';
import { ADD_BATCH_SIGNAL, parseAddBatch } from '../contract/batches.js';
import { undecodedArguments } from './undecoded-arguments.js';
import type { RunVisibility } from './visibility.js';

const addBatchSignal = defineSignal<unknown[]>(ADD_BATCH_SIGNAL, undecodedArguments);

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
