import type { LookupAddress } from 'node:dns';
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UploadError } from '../../src/contract/errors.js';
import { checkSource } from '../../src/files/source.js';
import { socketServer } from '../support/s3-servers.js';
import { accessTo, bytesOf, openRemote, serve, sourceServer } from '../support/source-server.js';
import { stopClock } from '../support/stopped-clock.js';

const SECRET = 'topsecret';
const IDLE = { idleTimeoutMs: 60_000 };

const failureOf = (work: Promise<unknown>): Promise<UploadError> =>
  work.then(
    () => expect.fail('It was not refused'),
    (error: unknown) => {
      if (!(error instanceof UploadError)) throw error;
      expect(error.message).not.toMatch(/[\r\n]|topsecret/);
      return error;
    },
  );

const head = (...headers: string[]) => ['HTTP/1.1 200 OK', 'ETag: "v1"', ...headers, '', ''].join('\r\n');

/** Sends a byte every ten seconds of a stopped clock, for ever. */
async function drip(response: ServerResponse, advance: (ms: number) => void): Promise<void> {
  while (!response.destroyed) {
    response.write('a');
    await sleep(5);
    advance(10_000);
  }
}

describe('a server that sends a byte now and then', () => {
  it.each([
    ['a length', { 'content-length': 5_000_000 }],
    ['chunks', {}],
  ])('with %s gives the slot back after two idle timeouts at most', async (_what, length) => {
    const advance = stopClock();
    const { url, requests } = await sourceServer(async (request, response) => {
      const [, from] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? [];
      const range = { 'content-range': `bytes ${from}-4999999/5000000` };
      response.writeHead(from ? 206 : 200, { etag: '"v1"', ...(from ? range : length) });
      await drip(response, advance);
    });

    const error = await failureOf(
      openRemote(`${url}/pk.csv?${SECRET}`, {}, IDLE).then((file) => bytesOf(file, IDLE)),
    );

    expect(error).toMatchObject({ code: 'SOURCE_UNREACHABLE', retryable: true });
    expect(error.message).toMatch(/sent only \d+ bytes for 60 s/);
    expect(requests.length).toBeLessThanOrEqual(2);
  });

  it('is read to the end if it sends more than a slow VPN would', async () => {
    const content = Buffer.alloc(2_000_000, 'a');
    const advance = stopClock();
    const { url, requests } = await sourceServer(async (_request, response) => {
      response.writeHead(200, { etag: '"v1"', 'content-length': content.length });
      for (let sent = 0; sent < content.length; sent += 100_000) {
        response.write(content.subarray(sent, sent + 100_000));
        await sleep(5);
        advance(5_000); // 100 s for the whole file
      }
      response.end();
    });

    expect((await bytesOf(await openRemote(`${url}/pk.csv`), IDLE)).equals(content)).toBe(true);
    expect(requests).toHaveLength(1);
  });
});

describe('a malformed response', () => {
  it.each<[what: string, response: string, code: string]>([
    ['less than announced', `${head('Content-Length: 100')}abc`, 'SOURCE_UNREACHABLE'],
    ['nothing of what was announced', head('Content-Length: 100'), 'SOURCE_UNREACHABLE'],
    ['a negative length', `${head('Content-Length: -1')}abc`, 'SOURCE_ANSWER_UNEXPECTED'],
    ['no number', `${head('Content-Length: three')}abc`, 'SOURCE_ANSWER_UNEXPECTED'],
    ['a fraction', `${head('Content-Length: 3.5')}abc`, 'SOURCE_ANSWER_UNEXPECTED'],
    ['hex', `${head('Content-Length: 0x3')}abc`, 'SOURCE_ANSWER_UNEXPECTED'],
    ['a list', `${head('Content-Length: 3, 3')}abc`, 'SOURCE_ANSWER_UNEXPECTED'],
    ['two lengths', `${head('Content-Length: 3', 'Content-Length: 5')}abcde`, 'SOURCE_ANSWER_UNEXPECTED'],
    [
      'both a length and chunks',
      `${head('Content-Length: 3', 'Transfer-Encoding: chunked')}3\r\nabc\r\n0\r\n\r\n`,
      'SOURCE_ANSWER_UNEXPECTED',
    ],
    ['more than there are numbers', head(`Content-Length: ${'9'.repeat(30)}`), 'SOURCE_ANSWER_UNEXPECTED'],
    ['a little more than 5 GiB', head('Content-Length: 5368709121'), 'FILE_TOO_LARGE'],
    ['exabytes', head('Content-Length: 9223372036854775807'), 'FILE_TOO_LARGE'],
    ['zero', head('Content-Length: 0'), 'FILE_EMPTY'],
    ['neither a length nor chunks', `${head('Connection: close')}abc`, 'SOURCE_ANSWER_UNEXPECTED'],
    ['HTTP/1.0 without a length', 'HTTP/1.0 200 OK\r\n\r\nabc', 'SOURCE_ANSWER_UNEXPECTED'],
    ['gzip', `${head('Content-Length: 3', 'Content-Encoding: gzip')}abc`, 'SOURCE_ANSWER_UNEXPECTED'],
    ['br', `${head('Content-Length: 3', 'Content-Encoding: br')}abc`, 'SOURCE_ANSWER_UNEXPECTED'],
    [
      'gzip in gzip',
      `${head('Content-Length: 3', 'Content-Encoding: gzip, gzip')}abc`,
      'SOURCE_ANSWER_UNEXPECTED',
    ],
    [
      'gzip and identity',
      `${head('Content-Length: 3', 'Content-Encoding: identity', 'Content-Encoding: gzip')}abc`,
      'SOURCE_ANSWER_UNEXPECTED',
    ],
    ['gzip for a transfer', `${head('Transfer-Encoding: gzip')}abc`, 'SOURCE_ANSWER_UNEXPECTED'],
    [
      'a chunk without a valid size',
      `${head('Transfer-Encoding: chunked')}xyz\r\nabc\r\n0\r\n\r\n`,
      'SOURCE_UNREACHABLE',
    ],
    ['chunks without an end', `${head('Transfer-Encoding: chunked')}3\r\nabc\r\n`, 'SOURCE_UNREACHABLE'],
    [
      'a chunk of exabytes',
      `${head('Transfer-Encoding: chunked')}ffffffffffffffff\r\nabc`,
      'SOURCE_UNREACHABLE',
    ],
    ['no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n', 'SOURCE_ANSWER_UNEXPECTED'],
    ['nothing', '', 'SOURCE_UNREACHABLE'],
    ['endless headers', `HTTP/1.1 200 OK\r\n${'X-A: b\r\n'.repeat(20_000)}`, 'SOURCE_ANSWER_UNEXPECTED'],
    [
      'a header with a NUL',
      'HTTP/1.1 200 OK\r\nX-A: a\0b\r\nContent-Length: 3\r\n\r\nabc',
      'SOURCE_ANSWER_UNEXPECTED',
    ],
    [
      'two ETags',
      `HTTP/1.1 200 OK\r\nETag: "a"\r\nETag: "b"\r\nContent-Length: 9\r\n\r\nabc`,
      'SOURCE_UNREACHABLE',
    ],
    ['status 999', 'HTTP/1.1 999 No\r\nContent-Length: 3\r\n\r\nabc', 'SOURCE_UNAVAILABLE'],
    ['status 000', 'HTTP/1.1 000 No\r\nContent-Length: 3\r\n\r\nabc', 'SOURCE_UNREACHABLE'],
    ['an empty 206', 'HTTP/1.1 206 Partial\r\nContent-Length: 0\r\n\r\n', 'SOURCE_ANSWER_UNEXPECTED'],
    [
      'a switch of protocols',
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
      'SOURCE_UNREACHABLE',
    ],
  ])('with %s is rejected', async (_what, response, code) => {
    const url = await socketServer((socket) => socket.once('data', () => socket.end(response)));
    const work = openRemote(`${url}pk.csv?${SECRET}`).then(bytesOf);

    expect((await failureOf(work)).code).toBe(code);
  });

  it('one byte longer than expected is rejected', async () => {
    const { url } = await sourceServer(serve(Buffer.from('abcd')));
    const request = { source: `${url}/pk.csv`, fileName: 'pk.csv', expect: { sizeBytes: 3 } };

    expect((await failureOf(checkSource(request, accessTo()))).code).toBe('FILE_NOT_AS_EXPECTED');
  });

  it.each<[what: string, part: (response: ServerResponse) => void, code: string]>([
    [
      'from another position',
      (response) => response.writeHead(206, { etag: '"v1"', 'content-range': 'bytes 5-9/10' }),
      'SOURCE_ANSWER_UNEXPECTED',
    ],
    [
      'of a longer file',
      (response) => response.writeHead(206, { etag: '"v1"', 'content-range': 'bytes 4-10/11' }),
      'SOURCE_ANSWER_UNEXPECTED',
    ],
    [
      'that ends early',
      (response) => response.writeHead(206, { etag: '"v1"', 'content-range': 'bytes 4-8/10' }),
      'SOURCE_ANSWER_UNEXPECTED',
    ],
    [
      'without Content-Range',
      (response) => response.writeHead(206, { etag: '"v1"' }),
      'SOURCE_ANSWER_UNEXPECTED',
    ],
    [
      'of another file',
      (response) => response.writeHead(206, { etag: '"v2"', 'content-range': 'bytes 4-9/10' }),
      'FILE_CHANGED',
    ],
    ['beyond its end', (response) => response.writeHead(416), 'FILE_CHANGED'],
    ['of a file that is gone', (response) => response.writeHead(404), 'SOURCE_REFUSED'],
    [
      'from another host',
      (response) => response.writeHead(302, { location: 'https://169.254.169.254/' }),
      'SOURCE_FORBIDDEN',
    ],
  ])('followed by a part %s is rejected', async (_what, part, code) => {
    const { url } = await sourceServer((_request, response, number) => {
      if (number > 1) {
        part(response);
        return response.end();
      }
      response.writeHead(200, { etag: '"v1"', 'content-length': 10 });
      response.write('abcd', () => setImmediate(() => response.destroy()));
    });

    expect((await failureOf(openRemote(`${url}/pk.csv`).then(bytesOf))).code).toBe(code);
  });

  it('followed by more than the rest is rejected', async () => {
    const { url } = await sourceServer((_request, response, number) => {
      if (number === 1) {
        response.writeHead(200, { etag: '"v1"', 'content-length': 10 });
        response.write('abcd', () => setImmediate(() => response.destroy()));
      } else {
        response.writeHead(206, { etag: '"v1"', 'content-range': 'bytes 4-9/10' }).end('efghijklmnop');
      }
    });

    expect((await failureOf(openRemote(`${url}/pk.csv`).then(bytesOf))).code).toBe(
      'SOURCE_ANSWER_UNEXPECTED',
    );
  });

  it('that stops in the middle of a chunk fails after the idle timeout', async () => {
    const { url } = await sourceServer((_request, response) => response.writeHead(200).write('abc'));

    const failure = await failureOf(openRemote(`${url}/pk.csv`, {}, { idleTimeoutMs: 50 }));
    expect(failure).toMatchObject({ code: 'SOURCE_UNREACHABLE', message: expect.stringContaining('0.05 s') });
  });
});

describe('a redirect', () => {
  it.each([
    ['http://169.254.169.254/latest/meta-data/', 'SOURCE_FORBIDDEN'],
    ['https://169.254.169.254/latest/meta-data/', 'SOURCE_FORBIDDEN'],
    ['https://[fd00:ec2::254]/', 'SOURCE_FORBIDDEN'],
    ['https://[::ffff:169.254.169.254]/', 'SOURCE_FORBIDDEN'],
    ['https://2852039166/', 'SOURCE_FORBIDDEN'],
    ['https://0xa9fea9fe/', 'SOURCE_FORBIDDEN'],
    ['https://0251.0376.0251.0376/', 'SOURCE_FORBIDDEN'],
    ['//10.0.0.1/', 'SOURCE_FORBIDDEN'],
    ['https://example.com/', 'SOURCE_FORBIDDEN'],
    ['http://example.com/', 'SOURCE_FORBIDDEN'],
    ['https://metadata.google.internal/', 'SOURCE_FORBIDDEN'],
    ['https://localhost/', 'SOURCE_FORBIDDEN'],
    ['file:///etc/passwd', 'SOURCE_FORBIDDEN'],
    ['ftp://127.0.0.1/', 'SOURCE_FORBIDDEN'],
    ['gopher://127.0.0.1/', 'SOURCE_FORBIDDEN'],
    ['data:text/csv,1', 'SOURCE_FORBIDDEN'],
    ['s3://bucket/pk.csv', 'SOURCE_FORBIDDEN'],
    ['https://jane:topsecret@127.0.0.1/', 'SOURCE_FORBIDDEN'],
    ['https://', 'SOURCE_ANSWER_UNEXPECTED'],
    ['https://[::1', 'SOURCE_ANSWER_UNEXPECTED'],
    ['/again', 'SOURCE_ANSWER_UNEXPECTED'],
    ['', 'SOURCE_ANSWER_UNEXPECTED'],
  ])('to %s is rejected with %s', async (location, code) => {
    const { url, requests } = await sourceServer((_request, response) =>
      response.writeHead(307, { location }).end(),
    );

    expect((await failureOf(openRemote(`${url}/pk.csv?${SECRET}`))).code).toBe(code);
    expect(requests.length).toBe(['/again', ''].includes(location) ? 6 : 1);
  });

  it.each([300, 301, 302, 303, 305, 307, 308, 399])(
    'with status %d and no location is rejected with SOURCE_ANSWER_UNEXPECTED',
    async (status) => {
      const { url } = await sourceServer((_request, response) => response.writeHead(status).end());

      expect((await failureOf(openRemote(`${url}/pk.csv`))).code).toBe('SOURCE_ANSWER_UNEXPECTED');
    },
  );
});

describe('a forbidden URL', () => {
  it.each([
    'https://127.0.0.2/pk.csv',
    'https://127.2/pk.csv',
    'https://2130706434/pk.csv',
    'https://0x7f.0.0.2/pk.csv',
    'https://0177.0.0.2/pk.csv',
    'https://①②⑦.0.0.2/pk.csv',
    'https://127。0。0。2/pk.csv',
    'https://0/pk.csv',
    'https://0.0.0.0/pk.csv',
    'https://[::]/pk.csv',
    'https://[::1]/pk.csv',
    'https://[0:0:0:0:0:0:0:1]/pk.csv',
    'https://[::ffff:127.0.0.1]/pk.csv',
    'https://[::ffff:7f00:1]/pk.csv',
    'https://[::127.0.0.1]/pk.csv',
    'https://[64:ff9b::127.0.0.1]/pk.csv',
    'https://[fe80::1]/pk.csv',
    'https://[fd00::1]/pk.csv',
    'https://[ff02::1]/pk.csv',
    'https://10.0.0.1/pk.csv',
    'https://172.16.0.1/pk.csv',
    'https://192.168.1.1/pk.csv',
    'https://100.64.0.1/pk.csv',
    'https://169.254.169.254/pk.csv',
    'https://168.63.129.16/pk.csv',
    'https://224.0.0.1/pk.csv',
    'https://255.255.255.255/pk.csv',
    'https://8.8.8.8/pk.csv',
    'https://localhost/pk.csv',
    'https://example.com/pk.csv',
    'https://127.0.0.1.nip.io/pk.csv',
    'http://files.test/pk.csv',
    'http://10.0.0.1/pk.csv',
  ])('%s is rejected', async (source) => {
    const refused = openRemote(`${source}?${SECRET}`, {
      hosts: ['127.0.0.1', 'files.test'],
      resolve: () => expect.fail('It was looked up'),
    });

    expect((await failureOf(refused)).code).toBe('SOURCE_FORBIDDEN');
  });

  it.each([
    'https://jane@127.0.0.1/pk.csv',
    'https://jane:topsecret@127.0.0.1/pk.csv',
    'https://:topsecret@127.0.0.1/pk.csv',
  ])('%s is rejected because of its user info', async (source) => {
    expect((await failureOf(openRemote(source))).code).toBe('SOURCE_UNSUPPORTED');
  });

  it('is any URL if no host is allow-listed', async () => {
    const { url, requests } = await sourceServer(serve(Buffer.from('abc')));

    const failure = await failureOf(openRemote(`${url}/pk.csv`, { hosts: [] }));
    expect(failure).toMatchObject({
      code: 'SOURCE_FORBIDDEN',
      message: expect.stringContaining('APLOS_UPLOAD_SOURCE_HOSTS'),
    });
    expect(requests).toHaveLength(0);
  });
});

describe('a host name', () => {
  const leadsTo = (...addresses: string[]) =>
    addresses.map((address): LookupAddress => ({ address, family: address.includes(':') ? 6 : 4 }));
  const resolving =
    (...turns: string[][]) =>
    (_hostname: string, _options: unknown, callback: (error: null, addresses: LookupAddress[]) => void) =>
      callback(null, leadsTo(...((turns.length > 1 ? turns.shift() : turns[0]) ?? [])));

  it.each([
    [['127.0.0.1']],
    [['127.0.0.1', '8.8.8.8']],
    [['8.8.8.8', '127.0.0.1']],
    [['10.0.0.1']],
    [['169.254.169.254']],
    [['100.100.100.200']],
    [['192.168.0.1']],
    [['0.0.0.0']],
    [['::1']],
    [['::ffff:127.0.0.1']],
    [['fd00:ec2::254']],
    [['fe80::1%lo']],
    [['64:ff9b::7f00:1']],
    [['ff02::1']],
    [['no address']],
  ])('that resolves to %j is not connected to', async (addresses) => {
    const { url, requests } = await sourceServer(serve(Buffer.from('abc')));
    const { port } = new URL(url);
    const hosts = ['files.test'];

    const failure = await failureOf(
      openRemote(`https://files.test:${port}/pk.csv`, { hosts, resolve: resolving(addresses) }),
    );
    expect(failure).toMatchObject({
      code: 'SOURCE_FORBIDDEN',
      message: expect.stringContaining('"files.test"'),
    });
    expect(requests).toHaveLength(0);
  });

  it('that resolves to a private address is connected to if the address is allow-listed, too', async () => {
    const { url, requests } = await sourceServer(serve(Buffer.from('abc')));
    const { port } = new URL(url);
    const access = { hosts: ['localhost', '127.0.0.0/30'], resolve: resolving(['127.0.0.1']) };

    expect(String(await bytesOf(await openRemote(`http://localhost:${port}/pk.csv`, access)))).toBe('abc');
    expect(requests).toHaveLength(1);
  });

  it('that resolves to another address the second time is not connected to then', async () => {
    const { url, requests } = await sourceServer((_request, response) => {
      response.writeHead(200, { etag: '"v1"', 'content-length': 10, connection: 'close' });
      response.write('abcd', () => setImmediate(() => response.destroy()));
    });
    const { port } = new URL(url);
    const access = {
      hosts: ['localhost', '127.0.0.1'],
      resolve: resolving(['127.0.0.1'], ['127.0.0.2']),
    };

    const failure = await failureOf(openRemote(`http://localhost:${port}/pk.csv`, access).then(bytesOf));
    expect(failure).toMatchObject({
      code: 'SOURCE_FORBIDDEN',
      message: expect.stringContaining('127.0.0.2'),
    });
    expect(requests).toHaveLength(1);
  });

  it('that cannot be resolved causes a retryable error', async () => {
    const resolve = (
      _hostname: string,
      _options: unknown,
      callback: (error: NodeJS.ErrnoException, none: LookupAddress[]) => void,
    ) => callback(Object.assign(new Error(SECRET), { code: 'ENOTFOUND' }), []);

    const failure = await failureOf(
      openRemote('https://files.test/pk.csv', { hosts: ['files.test'], resolve }),
    );
    expect(failure).toMatchObject({
      code: 'SOURCE_UNREACHABLE',
      message: expect.stringContaining('ENOTFOUND'),
    });
  });
});

describe('any response', () => {
  it('results in the file or in a one-line error with a code and without the query', async () => {
    const line = fc.constantFrom(
      'HTTP/1.1 200 OK',
      'HTTP/1.1 206 P',
      'HTTP/1.0 200 OK',
      'HTTP/1.1 302 F',
      'HTTP/1.1 503 x',
      'HTTP/1.1 200',
      'x',
    );
    const header = fc.oneof(
      fc.constantFrom(
        'Content-Length: 3',
        'Content-Length: 4',
        'Transfer-Encoding: chunked',
        'Content-Encoding: gzip',
        'ETag: "v"',
        'Location: /',
        'Location: https://10.0.0.1/',
        'Content-Range: bytes 0-2/3',
        'Connection: close',
        ': x',
        'Retry-After: -1',
      ),
      fc.string({ maxLength: 20 }),
    );
    const response = fc.tuple(
      line,
      fc.array(header, { maxLength: 5 }),
      fc.constantFrom('abc', '', 'abcd', '3\r\nabc\r\n0\r\n\r\n'),
    );
    let text = '';
    const url = await socketServer((socket) => socket.once('data', () => socket.end(text)));
    const access = accessTo();
    const { openSource } = await import('../../src/files/source.js');
    await fc.assert(
      fc.asyncProperty(response, async ([first, headers, body]) => {
        text = `${[first, ...headers, '', ''].join('\r\n')}${body}`;
        const work = openSource(`${url}pk.csv?${SECRET}`, 'pk.csv', access, IDLE).then(async (file) => {
          const read = await bytesOf(file).finally(() => file.close());
          expect(read.length).toBe(file.sizeBytes);
        });
        await work.catch((error: unknown) => {
          if (!(error instanceof UploadError)) throw error;
          expect(error.message).not.toMatch(/[\r\n]|topsecret/);
        });
      }),
      { numRuns: 150 },
    );
  });
});
