import { describe, expect, it } from 'vitest';
import { multipart } from '../../src/s3/multipart.js';

const file = Buffer.from('time,conc\r\n0,1\r\n');

function partsOf(fields: Record<string, string>, fileName = 'pk.csv') {
  const { head, tail, headers } = multipart(fields, fileName, file.length);
  const body = Buffer.concat([head, file, tail]);
  const boundary = /boundary=(.+)$/.exec(headers['content-type'] ?? '')?.[1];
  const parts = body.toString('utf8').split(`--${boundary}`);
  return { parts, length: body.length, announced: Number(headers['content-length']) };
}

describe('multipart', () => {
  it('has the announced length, even with empty and non-ASCII values', () => {
    const { length, announced } = partsOf({ key: 'größe/k', acl: '', 'x-amz-meta-who': '研究' }, 'größe.csv');

    expect(announced).toBe(length);
  });

  it('contains all fields in their order, then the file', () => {
    const { parts } = partsOf({ policy: 'p', key: 'k', zebra: 'z', acl: '', 'Content-Type': 'text/csv' });

    expect(parts).toEqual([
      '',
      '\r\nContent-Disposition: form-data; name="policy"\r\n\r\np\r\n',
      '\r\nContent-Disposition: form-data; name="key"\r\n\r\nk\r\n',
      '\r\nContent-Disposition: form-data; name="zebra"\r\n\r\nz\r\n',
      '\r\nContent-Disposition: form-data; name="acl"\r\n\r\n\r\n',
      '\r\nContent-Disposition: form-data; name="Content-Type"\r\n\r\ntext/csv\r\n',
      `\r\nContent-Disposition: form-data; name="file"; filename="pk.csv"\r\nContent-Type: text/csv\r\n\r\n${file}\r\n`,
      '--\r\n',
    ]);
  });

  it.each([
    ['größe "a".csv', 'größe %22a%22.csv'],
    ['a\r\nX-Evil: 1\r\n\r\nb.csv', 'a%0D%0AX-Evil: 1%0D%0A%0D%0Ab.csv'],
    ['研究; name="key".csv', '研究; name=%22key%22.csv'],
  ])('escapes the file name %j', (fileName, inForm) => {
    const { parts } = partsOf({ key: 'k' }, fileName);

    expect(parts).toHaveLength(4);
    expect(parts[2]?.split('\r\n')[1]).toBe(
      `Content-Disposition: form-data; name="file"; filename="${inForm}"`,
    );
  });

  it('escapes the name of a field', () => {
    const { parts } = partsOf({ 'a"\r\nb': 'v' });

    expect(parts[1]).toBe('\r\nContent-Disposition: form-data; name="a%22%0D%0Ab"\r\n\r\nv\r\n');
  });
});
