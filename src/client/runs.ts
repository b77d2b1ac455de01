import type { Client, WorkflowClient } from '@temporalio/client';
import {
  defaultFailureConverter,
  defaultPayloadConverter,
  type LoadedDataConverter,
  type PayloadCodec,
} from '@temporalio/common';
import { isUnknownRun } from '../temporal/errors.js';

const ignoringPayloads: PayloadCodec = {
  encode: async (payloads) => payloads,
  decode: async (payloads) => payloads.map(() => defaultPayloadConverter.toPayload(null)),
};

/**
 * Returns a client that lists and describes runs and ignores their memos, which uploads do not have. Temporal's client decodes the
 * memo of every run in a list, and anybody may start a run with a memo that nobody can decode.
 */
export function runsOf({ workflow }: Client): Pick<WorkflowClient, 'list' | 'getHandle'> {
  const loadedDataConverter: LoadedDataConverter = {
    payloadConverter: defaultPayloadConverter,
    failureConverter: defaultFailureConverter,
    payloadCodecs: [ignoringPayloads],
  };
  return Object.create(workflow, { loadedDataConverter: { value: loadedDataConverter } }) as WorkflowClient;
}

/** Returns the response of a call, or `undefined` if Temporal does not have the run, or no longer has it. */
export async function unlessGone<Response>(call: Promise<Response>): Promise<Response | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isUnknownRun(error)) return undefined;
    throw error;
  }
}
