import type { FileState } from '../api.js';

const READINESS: ReadonlyMap<string, FileState['readiness']> = new Map([
  ['ready', 'ready'],
  ['signed-url-created', 'pending'],
  ['uploading', 'pending'],
  ['validating', 'pending'],
  ['converting', 'pending'],
  ['failed', 'invalid'],
  ['invalid', 'invalid'],
]);

/** Returns what a state means for an upload. A state that nobody has described does not stop it: Aplos refuses what it cannot read. */
export const readinessOf = (state: string): FileState['readiness'] =>
  READINESS.get(state.toLowerCase().replace(/[\s_]/g, '-')) ?? 'usable';
