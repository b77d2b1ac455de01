import type { UploadHandle } from '../../client.js';

/** Names of an upload's state at the start, for people. */
export const startStates = {
  started: 'started',
  running: 'already running',
  done: 'already done',
  repeated: 'done before',
} as const satisfies Record<UploadHandle['state'], string>;

/** Returns the line that reports an upload that was started or joined. */
export const startLine = (file: string, { state, workflowId }: Pick<UploadHandle, 'state' | 'workflowId'>) =>
  `${file}: ${startStates[state]}${details[state] ?? ''}, ${workflowId}`;

const details: Partial<Record<UploadHandle['state'], string>> = {
  running: ', joined',
  repeated: ', checked again for this batch',
};
