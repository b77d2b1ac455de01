import { plainKey } from '../../contract/plain-key.js';
import type { FileState } from '../api.js';

const READINESS: ReadonlyMap<string, FileState['readiness']> = new Map([
  ['ready', 'ready'],
  ['signedurlcreated', 'unnoticed'],
  ['uploading', 'unnoticed'],
  ['validating', 'pending'],
  ['converting', 'pending'],
  ['failed', 'invalid'],
  ['invalid', 'invalid'],
]);

/** Returns what a state means for an upload. A state that nobody has described does not stop it: Aplos refuses what it cannot read. */
export const readinessOf = (state: string): FileState['readiness'] =>
  READINESS.get(plainKey(state.replaceAll(' ', ''))) ?? 'usable';
