import { Busboy, type BusboyHeaders } from '@fastify/busboy';
import fc from 'fast-check';
import { Agent } from 'undici';
import { describe, expect, it } from 'vitest';
import { parseUploadRequest } from '../../src/contract/request.js';
import { HostList } from '../../src/http/host-list.js';
import { multipart } from '../../src/s3/multipart.js';
import { postObject } from '../../src/s3/post-object.js';
import { refusalError } from '../../src/s3/refusal.js';
import { FIELDS, openFile, postOptions, presignedPost } from '../support/posting.js';

describe('a presigned POST', () => {
  const connecting = (connected: string[]) =>
    new Agent({
      connect: ({ hostname, protocol }, callback) => {
        connected.push(`${protocol}//${hostname}`);
        callback(new Error('far enough'), null);
      },
    });

  it.each([
    'https://s3.amazonaws.com/bucket',
    'https://bucket.s3.amazonaws.com/',
    'https://my.bucket.s3.amazonaws.com/',
    'https://bucket.s3.eu-west-1.amazonaws.com/',
    'https://s3.us-gov-west-1.amazonaws.com/bucket',
    'https://bucket.s3-eu-west-1.amazonaws.com/',
    'https://bucket.s3-accelerate.amazonaws.com/',
    'https://bucket.s3-accelerate.dualstack.amazonaws.com/',
    'https://bucket.s3.dualstack.us-east-1.amazonaws.com/',
    'https://bucket.s3-fips.us-east-1.amazonaws.com/',
    'https://my-bucket.bucket.vpce-1a2b-5e6f.s3.us-east-1.vpce.amazonaws.com/',
    'https://bucket.vpce-1a2b-5e6f.s3.us-east-1.vpce.amazonaws.com/',
    'https://bucket.s3.cn-north-1.amazonaws.com.cn/',
    'https://bucket.s3.eusc-de-east-1.amazonaws.eu/',
    'https://my-ap-123456789012.s3-accesspoint.eu-west-1.amazonaws.com/',
    'https://s3.acme.internal:9000/bucket',
    'https://10.1.2.3/bucket',
    'http://127.0.0.1:9/bucket',
    'http://localhost:9/bucket',
  ])('may go to %s', async (url) => {
    const connected: string[] = [];
    const options = postOptions({
      dispatcher: connecting(connected),
      hosts: new HostList(['s3.acme.internal', '10.1.0.0/16', '127.0.0.0/8', 'localhost']),
    });

    await expect(postObject(presignedPost(url), await openFile('abc'), options)).rejects.toMatchObject({
      code: 'S3_UNREACHABLE',
    });
    const { protocol, hostname } = new URL(url);
    expect(connected).toEqual([`${protocol}//${hostname}`]);
  });

  it.each([
    'http://bucket.s3.amazonaws.com/',
    'https://bucket.s3.amazonaws.com.evil.example/',
    'https://evil.example/bucket.s3.amazonaws.com/',
    'https://evil.example/?bucket.s3.amazonaws.com',
    'https://bucket.s3.amazonaws.com@evil.example/',
    'https://bucket.s3.amazonaws.com%2eevil.example/',
    'https://evil-s3.amazonaws.com/',
    'https://s3.evilamazonaws.com/',
    'https://ec2-1-2-3-4.compute-1.amazonaws.com/',
    'https://abc.execute-api.us-east-1.amazonaws.com/',
    'https://s3-evil-123.us-east-1.elb.amazonaws.com/',
    'https://amazonaws.com/',
    'https://bucket.s3.amazonaws.org/',
    'https://169.254.169.254/',
    'http://169.254.169.254/',
    'https://s3-website-us-east-1.amazonaws.com/',
    'https://bucket.s3.us-east-1.amazonaws.eu/',
    'https://bucket.s3.cn-north-1.amazonaws.com/',
    'https://bucket.s3.evil-us-east-1.amazonaws.com/',
    'https://bucket.s3.us-east-1.amazonaws.com:8443/',
    'https://olap-123456789012.s3-object-lambda.us-east-1.amazonaws.com/',
    'https://control.vpce-1a2b-5e6f.s3.us-east-1.vpce.amazonaws.com/',
    'http://127.0.0.1:9/bucket',
    'http://localhost:9/bucket',
    'http://[::1]:9/bucket',
    'https://127.0.0.1/bucket',
    'http://10.1.2.3/bucket',
    'https://10.2.0.1/',
    'http://0.0.0.0/',
    'http://[::]/',
    'http://[::ffff:127.0.0.1]/',
    'https://xn--amazonaws-.com/',
    'https://bucket.s3.amаzonaws.com/',
  ])('may not go to %s', async (url) => {
    const connected: string[] = [];
    const options = postOptions({ dispatcher: connecting(connected), hosts: new HostList(['10.1.0.0/16']) });

    await expect(postObject(presignedPost(url), await openFile('abc'), options)).rejects.toMatchObject({
      code: 'S3_HOST_REFUSED',
      message: expect.not.stringContaining(FIELDS['x-amz-signature']),
    });
    expect(connected).toEqual([]);
  });

  it.each(['file:///etc/passwd', 'ftp://bucket.s3.amazonaws.com/', 's3://bucket/', 'no URL', ''])(
    'may not have the URL %j',
    async (url) => {
      await expect(
        postObject(presignedPost(url), await openFile('abc'), postOptions()),
      ).rejects.toMatchObject({
        code: 'S3_HOST_REFUSED',
      });
    },
  );
});

describe('multipart', () => {
  const special = fc.constantFrom(
    '"',
    '\r\n',
    '\r',
    '\n',
    ';',
    '=',
    '--',
    '\\',
    '\0',
    ' ',
    'ö',
    '研',
    '💊',
    '%22',
    '\u2028',
    '\r\nContent-Disposition: form-data; name="key"\r\n\r\nevil\r\n',
    '$' + '{filename}',
    '/',
    '..',
  );
  const text = fc
    .array(fc.oneof(special, fc.string({ maxLength: 5 })), { minLength: 1, maxLength: 6 })
    .map((parts) => parts.join(''));
  const written = (name: string) => name.replace(/\r/g, '%0D').replace(/\n/g, '%0A').replace(/"/g, '%22');

  it('contains the fields and one file, whatever their names and values', async () => {
    const fields = fc.dictionary(
      text.filter((name) => !/^\d+$|__proto__/.test(name)),
      text,
      { minKeys: 1, maxKeys: 4 },
    );
    await fc.assert(
      fc.asyncProperty(fields, text, async (given, fileName) => {
        const { head, tail, headers } = multipart(given, fileName, 4);
        const body = Buffer.concat([head, Buffer.from('file'), tail]);
        expect(body.length).toBe(Number(headers['content-length']));
        const parts = body
          .toString('latin1')
          .split(`--${/boundary=(.+)$/.exec(headers['content-type'] ?? '')?.[1]}`);
        expect(parts).toHaveLength(Object.keys(given).length + 3);
        Object.keys(given).forEach((name, index) => {
          const [disposition = ''] = Buffer.from(parts[index + 1] ?? '', 'latin1')
            .toString('utf8')
            .slice(2)
            .split('\r\n');
          expect(disposition).toBe(`Content-Disposition: form-data; name="${written(name)}"`);
        });
      }),
      { numRuns: 300 },
    );
  });

  it('is parsed correctly by a server with any file name', async () => {
    const names = text
      .map((name) => `${name}.csv`)
      .filter((fileName) => {
        try {
          return parseUploadRequest({ source: 'file:///pk.csv', fileName }).fileName === fileName;
        } catch {
          return false;
        }
      });
    await fc.assert(
      fc.asyncProperty(names, async (fileName) => {
        const { head, tail, headers } = multipart({ key: 'k' }, fileName, 4);
        const seen: string[] = [];
        const server = new Busboy({ headers: headers as unknown as BusboyHeaders });
        server.on('field', (name, value) => seen.push(`${name}=${value}`));
        server.on('file', (name, stream) => {
          seen.push(name);
          stream.resume();
        });
        await new Promise((resolve) =>
          server.on('finish', resolve).end(Buffer.concat([head, Buffer.from('file'), tail])),
        );
        expect(seen).toEqual(['key=k', 'file']);
      }),
      { numRuns: 200 },
    );
  });
});

describe('a response of S3', () => {
  const post = presignedPost('https://bucket.s3.amazonaws.com/');
  const entities = (levels: number) =>
    Array.from(
      { length: levels },
      (_, level) => `<!ENTITY l${level + 1} "${`&l${level};`.repeat(10)}">`,
    ).join('');

  it.each([
    ['an entity bomb', `<!DOCTYPE x [<!ENTITY l0 "lol">${entities(20)}]><Error><Code>&l20;</Code></Error>`],
    [
      'a quadratic entity bomb',
      `<!DOCTYPE x [<!ENTITY a "${'a'.repeat(30_000)}">]><Error><Message>${'&a;'.repeat(10_000)}</Message></Error>`,
    ],
    ['an entity of itself', '<!DOCTYPE x [<!ENTITY a "&a;">]><Error><Code>&a;</Code></Error>'],
    [
      'an external entity',
      '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><Error><Message>&a;</Message></Error>',
    ],
    [
      'an external parameter entity',
      '<!DOCTYPE x [<!ENTITY % a SYSTEM "http://127.0.0.1/x"> %a;]><Error><Code>x</Code></Error>',
    ],
    ['an outer DTD', '<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd"><Error><Message>x</Message></Error>'],
    ['a tower', '<a>'.repeat(20_000)],
    ['a tower of errors', '<Error>'.repeat(9_000)],
    ['a thousand attributes', `<Error ${'a="b" '.repeat(10_000)}/>`],
    ['a line in a message', '<Error><Message>a\r\nX-Evil: 1\u2028b</Message></Error>'],
    ['a long code', `<Error><Code>${'A'.repeat(60_000)}</Code></Error>`],
    ['an object for a code', '<Error><Code><a>b</a></Code></Error>'],
    ['a prototype', '<Error><__proto__><Code>x</Code></__proto__><constructor>y</constructor></Error>'],
    ['comments', `<Error><!--${'-'.repeat(60_000)}--><Code>AccessDenied</Code></Error>`],
    ['character data', `<Error><Message><![CDATA[${'<'.repeat(60_000)}]]></Message></Error>`],
    ['numbers of characters', `<Error><Message>${'&#x41;'.repeat(9_000)}</Message></Error>`],
    ['bytes', '\ufffd\0\u0001<<>>&&'],
  ])('with %s causes a short one-line error', (_what, text) => {
    const error = refusalError({ status: 403, headers: {}, text }, post, '"pk.csv"');

    expect(error.code).toBe('S3_ACCESS_DENIED');
    expect(error.message.length).toBeLessThan(500);
    expect(error.message).not.toMatch(/[\r\n]|root:/);
  });
});
