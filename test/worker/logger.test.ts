import { closeSync, existsSync, openSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createLogger, logStream } from '../../src/worker/logger.js';

const HOSTILE = 'a\u001b[2J\u202e\u009b31m\nb';

/** Returns what a logger writes about a hostile name, with a failure of the same text. */
async function log(isTerminal: boolean): Promise<string> {
  const written: string[] = [];
  const stream = { write: (text: string) => void written.push(text) };
  const logger = await createLogger('INFO', { stream, isTerminal });
  logger.warn(`Uploading ${HOSTILE}`, {
    fileName: HOSTILE,
    [HOSTILE]: { deep: [HOSTILE] },
    error: new Error(HOSTILE),
  });
  return written.join('');
}

describe('the log of a worker', () => {
  it('is JSON with the same values and without invisible characters', async () => {
    const text = await log(false);
    expect(text).toMatch(/^[ -~]+\n$/);
    expect(JSON.parse(text)).toMatchObject({
      level: 'warn',
      msg: `Uploading ${HOSTILE}`,
      fileName: HOSTILE,
      [HOSTILE]: { deep: [HOSTILE] },
    });
  });

  it('is text on a terminal, in which every character is visible', async () => {
    const text = await log(true);
    expect(text).toContain('Uploading a\\u001b[2J\\u202e\\u009b31m\\nb');
    expect(text).toContain('logger.test.ts:'); // the stack keeps its lines
    // biome-ignore lint/suspicious/noControlCharactersInRegex: only the colors of the log itself
    expect(text.replace(/\u001b\[\d+m/g, '')).not.toMatch(/[^\n -~]/);
    expect(text).not.toMatch(/^b/m);
  });

  it.skipIf(!existsSync('/dev/full'))('does not stop the worker if it cannot be written', async () => {
    const disk = openSync('/dev/full', 'w');
    const logger = await createLogger('INFO', { stream: logStream(disk), isTerminal: false });
    for (let line = 0; line < 3; line++) logger.info(`line ${line}`);
    await new Promise(setImmediate); // an unhandled error would end the test
    closeSync(disk);
  });
});
