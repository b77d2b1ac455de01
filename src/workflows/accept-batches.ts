import { defaultPayloadConverter, RawValue } from '@temporalio/common';
import { defineSignal, log, setHandler } from '@temporalio/workflow';
import { ADD_BATCH_SIGNAL, parseAddBatch } from '../contract/batches.js';
import type { ErrorCode } from '../contract/error-table.js';
import { whyUntrusted } from '../contract/untrusted.js';
import { undecodedArguments } from './undecoded-arguments.js';
import type { RunVisibility } from './visibility.js';

const addBatchSignal = defineSignal<unknown[]>(ADD_BATCH_SIGNAL, undecodedArguments);

/**
 * Makes the run count for each batch in which its work is asked for while it is running. Ignores malformed signals and, with a
 * key, signals that are not encrypted for this workflow.
 */
export function acceptBatches(visibility: RunVisibility): void {
  setHandler(addBatchSignal, (input) => {
    const decoded = decode(input);
    const reason = whyUntrusted(decoded);
    const added = parseAddBatch(decoded);
    if (added) visibility.addBatch(added);
    else if (reason === undefined) log.warn('Ignored a malformed signal', { signal: ADD_BATCH_SIGNAL });
    else log.warn(`Ignored a signal, as it ${reason}`, { signal: ADD_BATCH_SIGNAL, code: UNTRUSTED });
  });
}

function decode(input: unknown): unknown {
  try {
    return input instanceof RawValue ? defaultPayloadConverter.fromPayload(input.payload) : input;
  } catch {
    return undefined;
  }
}

const UNTRUSTED = 'PAYLOAD_UNTRUSTED' satisfies ErrorCode;
