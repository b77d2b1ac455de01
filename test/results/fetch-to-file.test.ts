import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { crc32, deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { ResultsPackage } from '../../src/contract/results.js';
import { HostList } from '../../src/http/host-list.js';
import { fetchPackage } from '../../src/results/fetch-package.js';
import type { FetchOptions, PackageRequest } from '../../src/results/package-request.js';
import { dispatcher } from '../support/fake-aplos.js';
import { sha256Of } from '../support/hashes.js';
import { EXECUTION_ID, EXPECTED, FILES, packageOf, rawZip, TABLE } from '../support/packages.js';
import { type Responder, serve, sourceServer } from '../support/source-server.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** A server with a package, and a directory for results. */
async function newFetch(
  content: Buffer | Responder,
  {
    unpack = false,
    name = 'day 1.zip',
    options = {} as Partial<FetchOptions>,
    root: givenRoot = undefined as string | undefined,
  } = {},
) {
  const root = givenRoot ?? (await temporaryFolder());
  const server = await sourceServer(
    typeof content === 'function' ? content : serve(content, { headers: { etag: md5Etag(content) } }),
  );
  const connections = dispatcher();
  const path = join(root, 'batch', name);
  let links = 0;
  const run = (changes: Partial<PackageRequest> = {}, more: Partial<FetchOptions> = {}) =>
    fetchPackage(
      { ...EXPECTED, location: pathToFileURL(path).href, unpack, ...changes },
      { roots: [{ text: root, path: root }], s3: async () => expect.fail('no S3 access') },
      {
        origin: {
          executionId: EXECUTION_ID,
          requestLink: async () => `${server.url}/package?X-Amz-Signature=secret${++links}`,
          dispatcher: connections,
          hosts: new HostList(['127.0.0.1']),
        },
        owner: 'workflow/1',
        idleTimeoutMs: 60_000,
        resumeDelaysMs: [1, 1, 1],
        onProgress: () => {},
        ...options,
        ...more,
      },
    );
  return { root, path, server, run, links: () => links };
}

const md5Etag = (bytes: Buffer) => `"${createHash('md5').update(bytes).digest('hex')}"`;

/** Returns all paths below a directory, also hidden ones. */
const all = async (root: string) =>
  (await readdir(root, { recursive: true, withFileTypes: true }))
    .filter((each) => !each.isDirectory())
    .map(({ parentPath, name }) => join(parentPath, name).slice(root.length + 1))
    .sort();

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'no error',
    (error: { code?: string }) => error.code ?? String(error),
  );

describe('fetchPackage to a directory', () => {
  it('stores the package, and reports what it has checked', { tags: ['REQ-15'] }, async () => {
    const content = packageOf();
    const { root, path, run } = await newFetch(content);

    const stored: ResultsPackage = await run();

    expect(stored).toEqual({
      location: pathToFileURL(path).href,
      sizeBytes: content.length,
      sha256: sha256Of(content),
      inputVerified: true,
      configurationVerified: true,
    });
    expect(await readFile(path)).toEqual(content);
    expect(await all(root)).toEqual(['batch/day 1.zip']);
  });

  it('unpacks the package next to it', async () => {
    const { root, run } = await newFetch(packageOf(), { unpack: true });

    const { unpackedTo } = await run();

    expect(unpackedTo).toMatch(/\/batch\/day%201$/);
    expect(await all(root)).toEqual(
      ['batch/day 1.zip', ...Object.keys(FILES).map((each) => `batch/day 1/${each}`)].sort(),
    );
    expect(await readFile(join(root, 'batch/day 1/inputs/pk.csv'), 'utf8')).toBe(TABLE);
  });

  it('writes nothing if the package is there already', { tags: ['REQ-16'] }, async () => {
    const { root, server, run } = await newFetch(packageOf(), { unpack: true });
    const first = await run();
    await writeFile(join(root, 'batch/day 1/notes.txt'), 'mine');

    expect(await run()).toEqual(first);
    expect(server.requests).toHaveLength(2);
    expect(await readFile(join(root, 'batch/day 1/notes.txt'), 'utf8')).toBe('mine');
  });

  it('recognizes the package if S3 returns no MD5', async () => {
    const { run } = await newFetch(serve(packageOf(), { headers: { etag: '"multipart-2"' } }));

    expect(await run()).toEqual(await run());
  });

  it('unpacks a package that was fetched before', async () => {
    const { root, run } = await newFetch(packageOf());
    await run();

    await run({ unpack: true });

    expect(await all(root)).toContain('batch/day 1/inputs/pk.csv');
  });

  it('resumes wherever the connection drops', async () => {
    const content = packageOf({ 'outputs/plots/1.png': 'x'.repeat(50) });
    const cuts = [10, 200, 1, 300];
    const etag = md5Etag(content);
    const { path, server, run } = await newFetch(serve(content, { headers: { etag }, cuts }), {
      options: { resumeDelaysMs: [1, 1, 1, 1, 1] },
    });

    await run();

    expect(await readFile(path)).toEqual(content);
    expect(server.requests).toHaveLength(5);
    for (const { headers } of server.requests.slice(1))
      expect(headers).toMatchObject({ range: expect.stringMatching(/^bytes=\d+-$/), 'if-match': etag });
  });

  it('requests a new link when the link has expired', async () => {
    const content = packageOf();
    const respond = serve(content, { headers: { etag: md5Etag(content) }, cuts: [undefined as never, 100] });
    const { run, links } = await newFetch((request, response, number) => {
      if (number === 1 || number === 3)
        return response
          .writeHead(403)
          .end('<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>');
      return respond(request, response, number);
    });

    await run();

    expect(links()).toBe(3);
  });

  it('reports links that S3 refuses again and again, without their secrets', async () => {
    const { root, run } = await newFetch((_request, response) =>
      response
        .writeHead(403)
        .end('<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>'),
    );

    await expect(run()).rejects.toMatchObject({
      code: 'RESULTS_UNAVAILABLE',
      message: expect.stringMatching(/returned 403 AccessDenied: Request has expired/),
    });
    await expect(run()).rejects.not.toThrow(/secret/);
    expect(await all(root)).toEqual([]);
  });

  it('refuses a package that was replaced while it was downloaded', async () => {
    const content = packageOf();
    let version = 0;
    const { root, run } = await newFetch((request, response, number) =>
      serve(content, { headers: { etag: `"${++version}"` }, cuts: [50] })(request, response, number),
    );

    expect(await codeOf(run())).toBe('RESULTS_DAMAGED');
    expect(await all(root)).toEqual([]);
  });

  it('refuses a package that is cut anywhere', { tags: ['REQ-15', 'REQ-16'] }, async () => {
    const noise = createHash('sha512').update('x').digest('hex');
    const content = packageOf({
      'outputs/pk-listing.csv': [new TextEncoder().encode(noise.repeat(40)), { level: 0 }],
    });
    for (let length = 1; length < content.length; length += 1024) {
      const { root, run } = await newFetch(content.subarray(0, length), { unpack: true });
      expect(await codeOf(run()), `${length} bytes`).toBe('RESULTS_DAMAGED');
      expect(await all(root)).toEqual([]);
    }
  });

  it('refuses a package with a changed byte', { tags: ['REQ-15'] }, async () => {
    const content = packageOf({ 'outputs/pk-listing.csv': [new Uint8Array(500).fill(65), { level: 0 }] });
    const changed = Buffer.from(content);
    changed.writeUInt8(66, content.indexOf('AAAAAA') + 100);
    const { root, run } = await newFetch(changed);

    await expect(run()).rejects.toThrow(/"outputs\/pk-listing.csv" has another CRC-32/);
    expect(await all(root)).toEqual([]);
  });

  const text = Buffer.from('text');
  const entry = (name: string, more = {}) => ({ name, data: text, crc32: crc32(text), ...more });
  const zeros = Buffer.alloc(20_000_000);
  const bomb = { data: zeros, deflated: deflateRawSync(zeros), crc32: crc32(zeros) };
  it.each([
    ['a path to a parent', rawZip([entry('../../x')])],
    ['a path to a parent in the middle', rawZip([entry('inputs/../../x')])],
    ['a path to a parent with backslashes', rawZip([entry('..\\..\\x')])],
    ['an absolute path', rawZip([entry('/etc/x')])],
    ['a drive', rawZip([entry('C:/x')])],
    ['an empty path', rawZip([entry('./')])],
    ['a path with a line break', rawZip([entry('a\nb')])],
    ['a symbolic link', rawZip([entry('link', { mode: 0o120777 })])],
    ['a device', rawZip([entry('device', { mode: 0o060644 })])],
    ['the same name twice', rawZip([entry('a.csv'), entry('a.csv')])],
    ['the same name with another spelling of the path', rawZip([entry('a/b.csv'), entry('a/./b.csv')])],
    ['a file and a directory of the same name', rawZip([entry('a'), entry('a/b.csv')])],
    ['files that share their data', rawZip([entry('a.csv'), entry('b.csv', { sharesData: true })])],
    ['more data than announced', rawZip([{ name: 'a.csv', ...bomb, statedSize: 1000 }])],
    [
      'far more data than results have',
      rawZip(Array.from({ length: 20 }, (_, index) => ({ name: `${index}.csv`, ...bomb }))),
    ],
  ])('refuses %s', async (_what, content) => {
    for (const unpack of [false, true]) {
      const { root, run } = await newFetch(content, { unpack });
      expect(await codeOf(run())).toBe('RESULTS_UNSAFE');
      expect(await all(root)).toEqual([]);
    }
  });

  it.each([
    ['files', ['outputs/a.png', 'outputs/A.png']],
    ['files in directories', ['outputs/A/x.png', 'Outputs/a/X.png']],
    ['a file and a directory', ['outputs/plots', 'outputs/Plots/x.png']],
    ['composed and decomposed letters', ['outputs/\u00e9.png', 'outputs/e\u0301.png']],
  ])('unpacks no package with %s whose names differ only in case', async (_what, names) => {
    const content = packageOf(Object.fromEntries(names.map((name) => [name, 'x'])));
    const { root, run } = await newFetch(content);

    expect(await codeOf(run({ unpack: true }))).toBe('RESULTS_UNSAFE');
    expect(await all(root)).toEqual([]);
    expect(await codeOf(run()), 'the zip file alone').toBe('no error');
  });

  it.each([
    ['input', { 'inputs/pk.csv': 'another table' }, /the file "pk.csv" with SHA-256/],
    ['configuration', { 'inputs/config.json': '{"version":"2024-02-22"}' }, /another configuration/],
    ['execution ID', { 'outputs/execution-id.txt': '1-2:other' }, /the execution ID "1-2:other"/],
  ])('refuses a package with another %s', async (_what, changes, message) => {
    const { root, run } = await newFetch(packageOf(changes), { unpack: true });

    await expect(run()).rejects.toMatchObject({
      code: 'RESULTS_MISMATCHED',
      message: expect.stringMatching(message),
    });
    expect(await all(root)).toEqual([]);
  });

  it('reports what a package lacks', async () => {
    const { run } = await newFetch(
      packageOf({ 'inputs/pk.csv': undefined, 'inputs/config.json': undefined }),
    );

    expect(await run()).toMatchObject({ inputVerified: false, configurationVerified: false });
  });

  it.each([
    ['another file', async (path: string) => writeFile(path, 'mine')],
    ['a file of the same size', async (path: string) => writeFile(path, Buffer.alloc(packageOf().length))],
    ['a directory', async (path: string) => mkdir(path).then(() => {})],
    ['a symlink', async (path: string) => symlink('/nowhere', path)],
  ])('overwrites nothing: %s', async (_what, make) => {
    for (const etag of [md5Etag(packageOf()), '"no MD5"']) {
      const { root, path, run } = await newFetch(serve(packageOf(), { headers: { etag } }));
      await mkdir(join(root, 'batch'));
      await make(path);

      expect(await codeOf(run())).toBe('RESULTS_EXIST');
      expect(await all(root)).toEqual((await all(root)).filter((each) => !each.includes('.tmp')));
      await expect(readFile(path))
        .resolves.not.toEqual(packageOf())
        .catch(() => {});
    }
  });

  it('overwrites no directory with other files', { tags: ['REQ-16'] }, async () => {
    const { root, run } = await newFetch(packageOf(), { unpack: true });
    await mkdir(join(root, 'batch/day 1/inputs'), { recursive: true });
    await writeFile(join(root, 'batch/day 1/inputs/pk.csv'), 'mine');

    await expect(run()).rejects.toMatchObject({
      code: 'RESULTS_EXIST',
      message: expect.stringMatching(/inputs\/pk.csv/),
    });
    expect(await all(root)).toEqual(['batch/day 1/inputs/pk.csv']);
  });

  it('removes what an earlier attempt of the same step has left, and nothing of others', async () => {
    const { root, run } = await newFetch(
      (_request, response) =>
        void response.writeHead(200, { 'content-length': 1000, etag: '"1"' }).write('x'),
    );
    const stop = new AbortController();
    const hanging = (owner: string) => run({}, { owner, signal: stop.signal }).catch(() => {});
    const one = hanging('workflow/1');
    const other = hanging('other workflow/1');
    await expect.poll(async () => (await all(root)).length).toBe(2);
    const left = await all(root);
    await Promise.all(left.map((name) => writeFile(join(root, `${name.slice(0, -12)}killed00.tmp`), 'x')));
    const before = await all(root);
    expect(before).toHaveLength(4);

    const again = hanging('workflow/1');
    // The leftovers of the first are removed, and then it has a new one.
    await expect.poll(async () => (await all(root)).filter((name) => !before.includes(name)).length).toBe(1);
    stop.abort();
    await Promise.all([one, other, again]);

    expect(await all(root)).toHaveLength(1);
  });

  it('stores the package once if two steps fetch it to the same location', async () => {
    const content = packageOf();
    const { root, path, run } = await newFetch(content, { unpack: true });

    const [one, other] = await Promise.all(
      [run({}, { owner: 'a' }), run({}, { owner: 'b' })].map((each) =>
        each.catch((error: { code: string }) => error.code),
      ),
    );

    expect([one, other].filter((each) => typeof each === 'object').length).toBeGreaterThan(0);
    expect(await readFile(path)).toEqual(content);
    expect((await all(root)).filter((each) => each.includes('.tmp'))).toEqual([]);
    expect(await run({}, { owner: 'b' })).toMatchObject({ sha256: sha256Of(content) });
  });

  it('stores one of two different packages for the same location', async () => {
    const [content, otherContent] = [packageOf(), packageOf({ 'outputs/pk-results.csv': 'other' })];
    const one = await newFetch(content);
    const other = await newFetch(otherContent, { root: one.root });

    const codes = await Promise.all([one.run(), other.run({}, { owner: 'other' })].map(codeOf));

    expect(codes.sort()).toEqual(['RESULTS_EXIST', 'no error']);
    expect([content, otherContent]).toContainEqual(await readFile(one.path));
    expect(await all(one.root)).toEqual(['batch/day 1.zip']);
  });
});

describe('a destination', () => {
  it.each([
    ['outside of the roots', '/somewhere/else/x.zip'],
    ['in a directory whose name begins like a root', '-other/x.zip'],
  ])('is refused %s', async (_what, suffix) => {
    const { root, run } = await newFetch(packageOf());
    const path = suffix.startsWith('-') ? root + suffix : suffix;

    expect(await codeOf(run({ location: pathToFileURL(path).href }))).toBe('RESULTS_NOT_ALLOWED');
  });

  it('is refused behind a symlink that leads out of the root, and nothing is created there', async () => {
    const { root, run } = await newFetch(packageOf());
    const outside = await temporaryFolder();
    await symlink(outside, join(root, 'link'));

    expect(await codeOf(run({ location: pathToFileURL(join(root, 'link/new/x.zip')).href }))).toBe(
      'RESULTS_NOT_ALLOWED',
    );
    expect(await readdir(outside)).toEqual([]);
  });

  it('may be behind a symlink that leads to the root', async () => {
    const { root, run } = await newFetch(packageOf());
    await mkdir(join(root, 'real'));
    await symlink('real', join(root, 'link'));

    await run({ location: pathToFileURL(join(root, 'link/x.zip')).href });

    expect(await all(root)).toContain('real/x.zip');
  });

  it('is not created if the root is missing, because a disk may not be mounted', async () => {
    const { root, run } = await newFetch(packageOf());
    const missing = join(root, 'mount');

    await expect(
      fetchPackage(
        { ...EXPECTED, location: pathToFileURL(join(missing, 'x.zip')).href, unpack: false },
        { roots: [{ text: missing, path: missing }], s3: async () => expect.fail() },
        {
          origin: { executionId: EXECUTION_ID, requestLink: async () => '', dispatcher: dispatcher() },
          owner: '',
          onProgress: () => {},
        },
      ),
    ).rejects.toMatchObject({ code: 'RESULTS_UNWRITABLE', remedy: 'retry' });
    void run;
    expect(await readdir(root)).toEqual([]);
  });

  it('is refused if its link leads to a host that is not allowed', async () => {
    const { run } = await newFetch(packageOf());

    for (const url of ['https://evil.example/x', 'http://s3.amazonaws.com/x', 'ftp://s3.amazonaws.com/x'])
      expect(
        await codeOf(
          run(
            {},
            { origin: { executionId: EXECUTION_ID, requestLink: async () => url, dispatcher: dispatcher() } },
          ),
        ),
      ).toBe('S3_HOST_REFUSED');
  });
});
