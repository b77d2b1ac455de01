import { randomBytes } from 'node:crypto';
import { defaultPayloadConverter } from '@temporalio/common';
import proto from '@temporalio/proto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CodecServer, startCodecServer } from '../../sandbox/codec-server.js';
import { loadSettings } from '../../src/config.js';
import { EncryptionCodec } from '../../src/temporal/codec.js';

const { Payloads } = proto.temporal.api.common.v1;

describe('the codec server of the demo', () => {
  const { encryption } = loadSettings({
    APLOS_UPLOAD_ENCRYPTION_KEY: `test:${randomBytes(32).toString('base64')}`,
  });
  const codec = new EncryptionCodec(encryption.mode === 'on' ? encryption.keys : []);
  let server: CodecServer;
  beforeAll(async () => {
    server = await startCodecServer(codec);
  });
  afterAll(() => server?.stop());

  const post = (path: string, body: unknown) =>
    fetch(`${server.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: 'http://127.0.0.1:8233' },
      body: JSON.stringify(body),
    });

  it.each(['/decode', '/decode?preserveStorageRefs=true'])(
    'decodes what the UI posts to %s',
    async (path) => {
      const encoded = await codec.encode([defaultPayloadConverter.toPayload({ study: 7 })]);
      const response = await post(
        path,
        Payloads.toObject(Payloads.create({ payloads: encoded }), { bytes: String }),
      );
      expect(response.headers.get('access-control-allow-origin')).toBe('http://127.0.0.1:8233');
      const { payloads } = Payloads.fromObject((await response.json()) as object);
      expect(payloads.map((payload) => defaultPayloadConverter.fromPayload(payload))).toEqual([{ study: 7 }]);
    },
  );

  it('answers what it cannot decode with 400, and any other path with 404', async () => {
    const foreign = {
      metadata: { encoding: Buffer.from('binary/encrypted').toString('base64') },
      data: 'AAAA',
    };
    expect((await post('/decode', { payloads: [foreign] })).status).toBe(400);
    expect((await post('/encode', { payloads: [] })).status).toBe(404);
  });
});
