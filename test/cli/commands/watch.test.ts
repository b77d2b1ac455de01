import { describe, expect, it } from 'vitest';
import { watch } from '../../../src/cli/commands/watch/run.js';

describe('aplos-upload watch', () => {
  it('refuses an empty path, which is the working folder, and not what an unset variable means', async () => {
    await expect(watch('', { profile: 'default', settle: 1, every: 1 })).rejects.toThrow(
      'The folder is empty text. Name the folder to watch.',
    );
  });
});
