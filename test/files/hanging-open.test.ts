import { expect, it, vi } from 'vitest';
import { openSource } from '../../src/files/source.js';

vi.mock('node:fs/promises', async (original) => ({
  ...(await original<typeof import('node:fs/promises')>()),
  realpath: () => new Promise(() => {}),
}));

it('openSource throws FILE_READ_STALLED if a network share hangs', async () => {
  vi.useFakeTimers();
  const opening = expect(openSource('file:///share/pk.csv', 'pk.csv')).rejects.toMatchObject({
    code: 'FILE_READ_STALLED',
  });
  await vi.advanceTimersByTimeAsync(60_000);
  await opening;
  vi.useRealTimers();
});
