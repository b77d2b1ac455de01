import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const failing = (code: string) => Object.assign(new Error(`${code}: write`), { code });

describe('a command whose output cannot be written', () => {
  let exit: ReturnType<typeof vi.fn>;
  let printed: string;
  let before: [NodeJS.WriteStream, unknown[]][];
  let output: typeof import('../../../src/cli/output/closed-output.js');

  beforeEach(async () => {
    vi.resetModules();
    output = await import('../../../src/cli/output/closed-output.js');
    exit = vi.fn();
    vi.spyOn(process, 'exit').mockImplementation(exit as never);
    printed = '';
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      printed += String(text);
      return true;
    });
    before = [process.stdout, process.stderr].map((stream) => [stream, stream.listeners('error')]);
    for (const [stream] of before) stream.removeAllListeners('error');
    output.exitWhenOutputCloses();
  });
  afterEach(() => {
    vi.restoreAllMocks();
    for (const [stream, listeners] of before) {
      stream.removeAllListeners('error');
      for (const each of listeners) stream.on('error', each as () => void);
    }
    process.exitCode = undefined;
  });

  it.each(['ENOSPC', 'EDQUOT', 'EIO', 'EBADF'])(
    'ends with exit code 1 and one sentence after %s on stdout, once its work is complete',
    async (code) => {
      let complete = () => {};
      void output.finishBeforeExit(new Promise<void>((resolve) => (complete = resolve)));
      process.stdout.emit('error', failing(code));
      process.stdout.emit('error', failing(code));
      expect(printed).toBe(
        `✗ The output cannot be written (${code}). Running uploads continue in the background. Free space, then run the command again.\n`,
      );
      await Promise.resolve();
      expect(exit).not.toHaveBeenCalled();
      complete();
      await expect.poll(() => exit).toHaveBeenCalledWith(1);
    },
  );

  it('runs on with its exit code if only stderr cannot be written', async () => {
    process.stderr.emit('error', failing('ENOSPC'));
    await Promise.resolve();
    expect(exit).not.toHaveBeenCalled();
    expect(process.exitCode).toBeUndefined();
  });

  it('ends quietly if whoever reads stdout or stderr has ended', async () => {
    process.stderr.emit('error', failing('EPIPE'));
    await expect.poll(() => exit).toHaveBeenCalledWith(141);
    expect(printed).toBe('');
  });

  it('runs on if it must not stop, on a full disk or without a reader', async () => {
    output.keepRunningWithoutOutput('full');
    process.stdout.emit('error', failing('ENOSPC'));
    await Promise.resolve();
    expect(exit).not.toHaveBeenCalled();
    output.keepRunningWithoutOutput('closed');
    process.stdout.emit('error', failing('EPIPE'));
    await Promise.resolve();
    expect(exit).not.toHaveBeenCalled();
    expect(printed).toBe('');
  });
});
