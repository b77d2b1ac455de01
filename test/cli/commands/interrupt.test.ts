import { expect, it, onTestFinished, vi } from 'vitest';
import { uploadIndividually } from '../../../src/cli/commands/upload/individually.js';
import type { Notices } from '../../../src/cli/output/notices.js';
import type { UiLinks } from '../../../src/cli/output/ui-links.js';
import type { UploadClient } from '../../../src/client.js';

it('Ctrl-C while uploads are started says that they continue, and exits with 130 once calls have ended', async () => {
  const exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never);
  const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const before = process.listeners('SIGINT');
  onTestFinished(() => void vi.restoreAllMocks());
  let endCalls = () => {};
  const client = {
    async *startMany() {
      await new Promise(() => {}); // an outage of Temporal
    },
    close: () => new Promise<void>((resolve) => (endCalls = resolve)),
  } as unknown as UploadClient;
  void uploadIndividually(
    client,
    [],
    () => Promise.reject(new Error('not read')),
    { profile: 'default', wait: 'upload' },
    { notices: {} as Notices, links: {} as UiLinks },
  );
  const [interrupt] = process.listeners('SIGINT').filter((each) => !before.includes(each));
  interrupt?.('SIGINT');
  expect(String(written.mock.calls)).toContain(
    'Stopped. Uploads that were started continue in the background. Run the same command to join them and start the rest.',
  );
  expect(exit).not.toHaveBeenCalled();
  endCalls();
  await expect.poll(() => exit).toHaveBeenCalledWith(130);
  for (const each of process.listeners('SIGINT')) if (!before.includes(each)) process.off('SIGINT', each);
});
