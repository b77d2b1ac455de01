import { execFileSync, spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Agent } from 'undici';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { postObject } from '../../src/s3/post-object.js';
import { openFile, postOptions, presignedPost } from '../support/posting.js';
import { bodyOf } from '../support/s3-servers.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

describe.skipIf(!hasOpenssl)('a server with a self-signed certificate', () => {
  it('receives nothing', async () => {
    const { url, onRequest } = await selfSignedServer();

    await expect(postObject(presignedPost(url), await openFile('abc'), postOptions())).rejects.toMatchObject({
      code: 'S3_UNREACHABLE',
      message: expect.stringContaining('SELF_SIGNED_CERT'),
    });
    expect(onRequest).not.toHaveBeenCalled();
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
  const onRequest = vi.fn();
  const server = createServer(
    { key: await readFile(keyFile), cert: certificate },
    async (request, response) => {
      onRequest();
      await bodyOf(request);
      response.writeHead(204).end();
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/`, certificate, onRequest };
}
