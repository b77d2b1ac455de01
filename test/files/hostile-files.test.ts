import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { UploadError } from '../../src/contract/errors.js';
import { openSource } from '../../src/files/source.js';
import { bytesOf } from '../support/source-server.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const SECRET = 'the secret of others';

/** Creates a root with a file, and files next to the root that must not be read. */
async function createRoot() {
  const folder = await temporaryFolder();
  const [root, outside] = [join(folder, 'root'), join(folder, 'outside')];
  for (const each of [root, outside, join(root, 'study'), join(folder, 'root-of-others')]) mkdirSync(each);
  writeFileSync(join(root, 'study', 'pk.csv'), 'ours');
  writeFileSync(join(outside, 'secret.csv'), SECRET);
  writeFileSync(join(folder, 'root-of-others', 'secret.csv'), SECRET);
  symlinkSync(join(outside, 'secret.csv'), join(root, 'link.csv'));
  symlinkSync('../outside/secret.csv', join(root, 'relative.csv'));
  symlinkSync(outside, join(root, 'folder'));
  symlinkSync('link.csv', join(root, 'twice.csv'));
  symlinkSync('loop.csv', join(root, 'loop.csv'));
  symlinkSync('none.csv', join(root, 'dangling.csv'));
  symlinkSync('/proc/self/environ', join(root, 'environ.csv'));
  symlinkSync('/proc/self/root/etc/passwd', join(root, 'magic.csv'));
  symlinkSync('/dev/zero', join(root, 'zero.csv'));
  execFileSync('mkfifo', [join(root, 'pipe.csv'), join(outside, 'pipe.csv')]);
  symlinkSync('../outside/pipe.csv', join(root, 'pipe-link.csv'));
  return { folder, root, outside };
}

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'opened',
    (error: unknown) => {
      if (!(error instanceof UploadError)) throw error;
      expect(error.message).not.toMatch(/[\r\n]|the secret/);
      return error.code;
    },
  );

describe.runIf(process.platform === 'linux')('a file that a worker may not read', () => {
  it.each([
    ['../outside/secret.csv', 'FILE_OUTSIDE_ROOTS'],
    ['study/../../outside/secret.csv', 'FILE_OUTSIDE_ROOTS'],
    ['%2e%2e/outside/secret.csv', 'FILE_OUTSIDE_ROOTS'],
    ['.%2E/outside/secret.csv', 'FILE_OUTSIDE_ROOTS'],
    ['study/%2e%2e/%2e%2e/outside/secret.csv', 'FILE_OUTSIDE_ROOTS'],
    ['..%2foutside%2fsecret.csv', 'SOURCE_UNSUPPORTED'],
    ['%252e%252e/outside/secret.csv', 'FILE_NOT_FOUND'],
    ['..%5coutside%5csecret.csv', 'FILE_NOT_FOUND'],
    ['..\\outside\\secret.csv', 'FILE_OUTSIDE_ROOTS'],
    ['..;/outside/secret.csv', 'FILE_NOT_FOUND'],
    ['....//outside/secret.csv', 'FILE_NOT_FOUND'],
    ['%c0%ae%c0%ae/outside/secret.csv', 'SOURCE_UNSUPPORTED'],
    ['\uff0e\uff0e/outside/secret.csv', 'FILE_NOT_FOUND'],
    ['%ef%bc%8e%ef%bc%8e/outside/secret.csv', 'FILE_NOT_FOUND'],
    ['../root-of-others/secret.csv', 'FILE_OUTSIDE_ROOTS'],
    ['link.csv', 'FILE_OUTSIDE_ROOTS'],
    ['relative.csv', 'FILE_OUTSIDE_ROOTS'],
    ['twice.csv', 'FILE_OUTSIDE_ROOTS'],
    ['folder/secret.csv', 'FILE_OUTSIDE_ROOTS'],
    ['folder/../secret.csv', 'FILE_NOT_FOUND'],
    ['loop.csv', 'FILE_NOT_FOUND'],
    ['loop.csv/secret.csv', 'FILE_NOT_FOUND'],
    ['dangling.csv', 'FILE_NOT_FOUND'],
    ['environ.csv', 'FILE_OUTSIDE_ROOTS'],
    ['magic.csv', 'FILE_OUTSIDE_ROOTS'],
    ['zero.csv', 'FILE_OUTSIDE_ROOTS'],
    ['pipe.csv', 'FILE_NOT_REGULAR'],
    ['pipe-link.csv', 'FILE_OUTSIDE_ROOTS'],
    ['study', 'FILE_NOT_REGULAR'],
    ['study/', 'FILE_NOT_REGULAR'],
    ['', 'FILE_OUTSIDE_ROOTS'],
    ['..', 'FILE_OUTSIDE_ROOTS'],
    ['study/pk.csv/', 'FILE_NOT_FOUND'],
    ['study/pk.csv/x', 'FILE_NOT_FOUND'],
    ['study/pk.csv%00.csv', 'SOURCE_UNSUPPORTED'],
    ['%00', 'SOURCE_UNSUPPORTED'],
    ['study/pk.csv?x', 'SOURCE_UNSUPPORTED'],
    ['study/pk.csv#x', 'SOURCE_UNSUPPORTED'],
    ['study/pk.csv%0d%0aX-Evil:%201', 'FILE_NOT_FOUND'],
    ['study/pk\u202evsc.csv', 'FILE_NOT_FOUND'],
    ['study/pk.csv%20', 'FILE_NOT_FOUND'],
    [`${'a'.repeat(300)}.csv`, 'FILE_NOT_FOUND'],
    [`${'a/'.repeat(2500)}pk.csv`, 'FILE_NOT_FOUND'],
  ])('rejects %j in the root with %s', async (path, code) => {
    const { root } = await createRoot();

    expect(await codeOf(openSource(`${pathToFileURL(root).href}/${path}`, 'pk.csv', { roots: [root] }))).toBe(
      code,
    );
  });

  it.each([
    ['/etc/passwd', 'FILE_OUTSIDE_ROOTS'],
    ['/etc/no-such-file', 'FILE_OUTSIDE_ROOTS'],
    ['/root/.ssh/id_rsa', 'FILE_OUTSIDE_ROOTS'],
    ['/proc/self/environ', 'FILE_OUTSIDE_ROOTS'],
    ['/proc/self/fd/0', 'FILE_OUTSIDE_ROOTS'],
    ['/proc/1/mem', 'FILE_OUTSIDE_ROOTS'],
    ['/sys/kernel/notes', 'FILE_OUTSIDE_ROOTS'],
    ['/dev/zero', 'FILE_OUTSIDE_ROOTS'],
    ['/dev/stdin', 'FILE_OUTSIDE_ROOTS'],
    ['/', 'FILE_OUTSIDE_ROOTS'],
  ])('rejects %s without revealing whether it exists', async (path, code) => {
    const { root } = await createRoot();

    expect(await codeOf(openSource(pathToFileURL(path).href, 'pk.csv', { roots: [root] }))).toBe(code);
  });

  it.each<[what: string, target: (outside: string) => string, isDirectory?: true]>([
    ['to a file', (outside) => `${outside}/probe`],
    ['to a directory', (outside) => `${outside}/probe`, true],
    ['to a file in a directory', (outside) => `${outside}/probe/secret.csv`, true],
    ['to a file, relative', () => '../outside/probe'],
    ['back through a directory', (outside) => `${outside}/probe/../../root/study/pk.csv`, true],
    ['back through a directory, relative', () => '../outside/probe/../../root/study/pk.csv', true],
    ['to a file that is not accessible', (outside) => `${outside}/locked/probe`],
    ['to another symlink', () => 'chain.csv'],
    ['to a file below a file', (outside) => `${outside}/secret.csv/probe`],
    ['to a name that is too long', (outside) => `${outside}/${'a'.repeat(300)}/probe`],
  ])(
    'is refused with the same words, whether it exists or not, through a symlink %s',
    async (_what, target, isDirectory) => {
      const { root, outside } = await createRoot();
      mkdirSync(join(outside, 'locked'));
      symlinkSync(join(outside, 'probe'), join(root, 'chain.csv'));
      symlinkSync(target(outside), join(root, 'probe.csv'));
      const errorOf = () =>
        openSource(pathToFileURL(join(root, 'probe.csv')).href, 'pk.csv', { roots: [root] }).then(
          () => 'opened',
          (error: UploadError) => `${error.code}: ${error.message}`,
        );

      const before = await errorOf();
      expect(before).toMatch(/^FILE_OUTSIDE_ROOTS: /);
      if (isDirectory) mkdirSync(join(outside, 'probe'));
      else writeFileSync(join(outside, 'probe'), SECRET);
      writeFileSync(join(outside, 'locked', 'probe'), SECRET);
      if (isDirectory) writeFileSync(join(outside, 'probe', 'secret.csv'), SECRET);
      expect(await errorOf()).toBe(before);
    },
  );

  it('is opened through symlinks that stay in the roots, and through symlinks that lead into them', async () => {
    const { folder, root } = await createRoot();
    const other = join(folder, 'other');
    mkdirSync(other);
    symlinkSync('second', join(folder, 'first'));
    symlinkSync('root', join(folder, 'second'));
    symlinkSync(join(folder, 'first', 'study', 'pk.csv'), join(other, 'to-root.csv'));
    symlinkSync('../root/study/../study/pk.csv', join(root, 'back.csv'));
    symlinkSync('study', join(root, 'renamed'));
    const roots = [join(folder, 'first'), other];
    for (const path of [
      'first/study/pk.csv',
      'root/back.csv',
      'second/renamed/pk.csv',
      'other/to-root.csv',
    ]) {
      const file = await openSource(pathToFileURL(join(folder, path)).href, 'pk.csv', { roots });
      expect(String(await bytesOf(file))).toBe('ours');
      await file.close();
    }
  });

  it.each([
    ['/proc/self/environ', 'FILE_EMPTY'],
    ['/proc/self/mem', 'FILE_EMPTY'],
    ['/proc/self/fd', 'FILE_NOT_REGULAR'],
    ['/dev/zero', 'FILE_NOT_REGULAR'],
    ['/dev/tty', 'FILE_NOT_REGULAR'],
    ['/dev/random', 'FILE_NOT_REGULAR'],
    ['/dev', 'FILE_NOT_REGULAR'],
  ])('rejects %s even if no roots are set', async (path, code) => {
    expect(await codeOf(openSource(pathToFileURL(path).href, 'pk.csv'))).toBe(code);
  });

  it.each([
    ['file://server/share/pk.csv', 'SOURCE_UNSUPPORTED'],
    ['file://127.0.0.1/etc/passwd', 'SOURCE_UNSUPPORTED'],
    ['file:relative.csv', 'FILE_NOT_FOUND'],
    ['file:', 'FILE_NOT_REGULAR'],
    ['FILE:///etc/', 'FILE_NOT_REGULAR'],
    ['unix:///run/docker.sock', 'SOURCE_UNSUPPORTED'],
    ['ftp://example.com/pk.csv', 'SOURCE_UNSUPPORTED'],
    ['data:text/csv,1', 'SOURCE_UNSUPPORTED'],
    ['javascript:1', 'SOURCE_UNSUPPORTED'],
    ['blob:https://example.com/1', 'SOURCE_UNSUPPORTED'],
    ['view-source:file:///etc/passwd', 'SOURCE_UNSUPPORTED'],
    ['jar:file:///etc/passwd!/x', 'SOURCE_UNSUPPORTED'],
    ['php://filter/resource=/etc/passwd', 'SOURCE_UNSUPPORTED'],
    ['//example.com/pk.csv', 'SOURCE_UNSUPPORTED'],
    ['\\\\server\\share\\pk.csv', 'SOURCE_UNSUPPORTED'],
    ['\ud800', 'SOURCE_UNSUPPORTED'],
    ['', 'SOURCE_UNSUPPORTED'],
  ])('rejects the source %j with %s', async (source, code) => {
    expect(await codeOf(openSource(source, 'pk.csv'))).toBe(code);
  });

  it('rejects a socket', async () => {
    const { root } = await createRoot();
    const path = join(root, 'socket.csv');
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(path, resolve));
    onTestFinished(() => void server.close());

    expect(await codeOf(openSource(pathToFileURL(path).href, 'pk.csv', { roots: [root] }))).toBe(
      'FILE_NOT_REGULAR',
    );
  });

  it('rejects any file in a root that does not exist', async () => {
    const { root } = await createRoot();
    const source = pathToFileURL(join(root, 'study', 'pk.csv')).href;

    expect(await codeOf(openSource(source, 'pk.csv', { roots: [join(root, 'none')] }))).toBe(
      'FILE_OUTSIDE_ROOTS',
    );
  });

  it('never reads a file outside the root, whatever the path', async () => {
    const { root } = await createRoot();
    const segment = fc.constantFrom(
      '..',
      '.',
      '',
      'study',
      'folder',
      'outside',
      'secret.csv',
      'pk.csv',
      'link.csv',
      'root',
      '%2e%2e',
      '..%2f',
      'twice.csv',
      '%00',
      'a%0ab',
      'root-of-others',
      'folder/../folder',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(segment, { maxLength: 8 }), async (segments) => {
        const source = `${pathToFileURL(root).href}/${segments.join('/')}`;
        const file = await openSource(source, 'pk.csv', { roots: [root] }).catch((error: unknown) => {
          expect(error).toBeInstanceOf(UploadError);
        });
        if (!file) return;
        expect(String(await bytesOf(file))).toBe('ours');
        await file.close();
      }),
      { numRuns: 300 },
    );
  });

  it('never reads a file outside the root while symlinks are being replaced', async () => {
    const { root, outside } = await createRoot();
    const [real, door] = [join(root, 'real'), join(root, 'door')];
    mkdirSync(real);
    writeFileSync(join(real, 'secret.csv'), 'ours');
    symlinkSync(real, door);
    const source = pathToFileURL(join(door, 'secret.csv')).href;
    const codes = new Set<string>();
    let isDone = false;
    const switching = (async () => {
      for (let turn = 0; !isDone; turn++) {
        symlinkSync(turn % 2 ? real : outside, `${door}.new`);
        renameSync(`${door}.new`, door);
        await new Promise(setImmediate);
      }
    })();
    for (let round = 0; round < 400; round++) {
      const file = await openSource(source, 'pk.csv', { roots: [root] }).catch((error: UploadError) => {
        codes.add(error.code);
      });
      if (!file) continue;
      expect(await bytesOf(file).then(String, (error: UploadError) => error.code)).toMatch(
        /^(ours|FILE_CHANGED)$/,
      );
      await file.close();
    }
    isDone = true;
    await switching;
    rmSync(door);
    expect([...codes].filter((code) => code !== 'FILE_OUTSIDE_ROOTS')).toEqual([]);
  });
});
