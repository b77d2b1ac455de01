import { execFileSync, spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Agent } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import { postObject } from '../../src/s3/post-object.js';
import { openFile, postOptions, presignedPost } from '../support/posting.js';
import { tlsServer } from '../support/s3-servers.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

describe.skipIf(!hasOpenssl)('a server with a self-signed certificate', () => {
  it('receives nothing', async () => {
    const { url, requestCount } = await selfSignedServer();

    await expect(postObject(presignedPost(url), await openFile('abc'), postOptions())).rejects.toMatchObject({
      code: 'S3_UNREACHABLE',
      message: expect.stringContaining('SELF_SIGNED_CERT'),
    });
    expect(requestCount()).toBe(0);
  });

  it('receives the file if the dispatcher trusts it', async () => {
    const { url, certificate } = await selfSignedServer();
    const dispatcher = new Agent({ connect: { ca: certificate } });
    onTestFinished(() => dispatcher.destroy());

    await expect(
      postObject(presignedPost(url), await openFile('x'.repeat(3_000_000)), postOptions({ dispatcher })),
    ).resolves.toMatchObject({ status: 204 });
  });
});

async function selfSignedServer() {
  const folder = await temporaryFolder();
  const [keyFile, certificateFile] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const files = ['-keyout', keyFile, '-out', certificateFile];
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', ...names, ...files],
    {
      stdio: 'ignore',
    },
  );
  const certificate = await readFile(certificateFile);
  const { url, requestCount } = await tlsServer({ key: await readFile(keyFile), cert: certificate });
  return { url, certificate, requestCount };
}
