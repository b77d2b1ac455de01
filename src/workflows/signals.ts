import { defaultPayloadConverter, RawValue } from '@temporalio/common';
import { defineSignal, log, setHandler } from '@temporalio/workflow';
import { ADD_BATCH_SIGNAL, parseAddBatch } from '../contract/batches.js';
import type { ErrorCode } from '../contract/error-table.js';
import { EXTEND_SIGNAL, type Extension, parseExtension } from '../contract/extension.js';
import { parseFailingStep, STEP_FAILS_SIGNAL } from '../contract/failing-step.js';
import { whyUntrusted } from '../contract/untrusted.js';
import { parseWaitingStart, START_WAITS_SIGNAL } from '../contract/waiting-start.js';
import { undecodedArguments } from './undecoded-arguments.js';
import type { RunVisibility } from './visibility.js';

/**
 * Makes the run count for each batch in which its work is asked for while it is running, go as far as the furthest of those
 * requests, and show which starts wait and which steps fail again and again. Ignores malformed signals and, with a key, signals
 * that are not encrypted for this workflow.
 */
export function acceptSignals(visibility: RunVisibility, extend: (extension: Extension) => void): void {
  accept(ADD_BATCH_SIGNAL, parseAddBatch, (added) => visibility.addBatch(added));
  accept(STEP_FAILS_SIGNAL, parseFailingStep, (report) => visibility.stepFails(report));
  accept(START_WAITS_SIGNAL, parseWaitingStart, ({ label }) => visibility.startWaits(label));
  accept(EXTEND_SIGNAL, parseExtension, (extension) => {
    extend(extension);
    log.info('Asked to wait for the end of the executions', { fileName: visibility.fileName, ...extension });
  });
}

function accept<Argument>(
  signal: string,
  parse: (input: unknown) => Argument | undefined,
  handle: (argument: Argument) => void,
): void {
  setHandler(defineSignal<unknown[]>(signal, undecodedArguments), (input) => {
    const decoded = decode(input);
    const reason = whyUntrusted(decoded);
    const argument = parse(decoded);
    if (argument) handle(argument);
    else if (reason === undefined) log.warn('Ignored a malformed signal', { signal });
    else log.warn(`Ignored a signal, as it ${reason}`, { signal, code: UNTRUSTED });
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
