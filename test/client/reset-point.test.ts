import { describe, expect, it } from 'vitest';
import { resetPoint, type Step } from '../../src/client/reset-point.js';

/** Returns steps, each decided by a workflow task of its own. A step that starts with "!" did not finish. */
const steps = (...names: string[]): Step[] =>
  names.map((name, index) => ({
    activity: name.replace(/^[!?]/, ''),
    state: name.startsWith('!') ? 'unfinished' : name.startsWith('?') ? 'untrusted' : 'completed',
    decidedBy: index as unknown as Step['decidedBy'],
  }));
const stored = ['presignUpload', 'uploadFile', 'confirmUpload'];

describe('resetPoint', () => {
  it.each<
    [what: string, history: string[], from: 'presign' | 'start' | undefined, index: number | undefined]
  >([
    [
      'the last step that did not finish',
      ['presignUpload', '!uploadFile', 'presignUpload', '!uploadFile'],
      undefined,
      3,
    ],
    [
      'the first wait of an execution',
      [...stored, 'startExecution', '!awaitExecution', '!awaitExecution'],
      undefined,
      4,
    ],
    [
      'a wait that failed before the results of another execution did',
      [...stored, 'startExecution', 'awaitExecution', '!awaitExecution', '!fetchResults'],
      undefined,
      5,
    ],
    ['an untrusted result before anything else', ['?presignUpload', '!awaitExecution'], undefined, 0],
    ['the start of the executions on request', [...stored, 'startExecution', '!awaitExecution'], 'start', 3],
    ['the presign on request', [...stored, 'startExecution', '!awaitExecution'], 'presign', 0],
    [
      'the step that failed before the failure was recorded',
      [...stored, '!startExecution', 'writeRecord'],
      undefined,
      3,
    ],
    [
      'the step that failed before the failure could not be recorded',
      [...stored, '!startExecution', '!writeRecord'],
      undefined,
      3,
    ],
    ['the record if nothing else failed', [...stored, 'startExecution', '!writeRecord'], undefined, 4],
    ['an untrusted record if nothing else failed', [...stored, '?writeRecord'], undefined, 3],
    ['nothing if all steps are completed', stored, undefined, undefined],
  ])('is %s', (_what, history, from, index) => {
    expect(resetPoint(steps(...history), from)?.decidedBy).toBe(index);
  });
});
