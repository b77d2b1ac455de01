import type { Client, WorkflowClient } from '@temporalio/client';
import {
  defaultFailureConverter,
  defaultPayloadConverter,
  type LoadedDataConverter,
  type PayloadCodec,
} from '@temporalio/common';

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
