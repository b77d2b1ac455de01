import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HostList, isLoopback, isPublicAddress } from '../../src/http/host-list.js';

const named = (entries: string[], url: string) => new HostList(entries).has(new URL(url));

describe('a list of hosts', () => {
  it.each([
    ['files.example.com', 'https://files.example.com/'],
    ['files.example.com', 'https://FILES.example.COM:8443/'],
    ['Files.Example.com', 'https://files.example.com./'],
    ['*.example.com', 'https://a.b.example.com/'],
    ['bücher.example', 'https://xn--bcher-kva.example/'],
    ['10.1.2.3', 'https://10.1.2.3/'],
    ['10.1.0.0/16', 'https://10.1.2.3/'],
    ['127.0.0.1', 'https://0x7f.1/'],
    ['fd00::7', 'https://[fd00:0::7]/'],
    ['[fd00::7]', 'https://[fd00::7]/'],
    ['fd00::/8', 'https://[fd00::7]/'],
  ])('that has %s has %s', (entry, url) => {
    expect(named(['other.example', entry], url)).toBe(true);
  });

  it.each([
    ['files.example.com', 'https://example.com/'],
    ['files.example.com', 'https://files.example.com.evil.example/'],
    ['files.example.com', 'https://evil-files.example.com/'],
    ['files.example.com', 'https://a.files.example.com/'],
    ['*.example.com', 'https://example.com/'],
    ['*.example.com', 'https://.example.com/'],
    ['*.example.com', 'https://evilexample.com/'],
    ['example.com', 'https://evil.com/?example.com'],
    ['example.com', 'https://example.com@evil.com/'],
    ['example.com', 'https://example.com%2eevil.com/'],
    ['example.com', 'https://example.com\u3002evil.com/'],
    ['10.1.0.0/16', 'https://10.2.0.1/'],
    ['10.1.0.0/16', 'https://10.1.2.3.example/'],
    ['10.1.0.0/16', 'https://[::ffff:10.1.2.3]/'],
    ['127.0.0.1', 'https://localhost/'],
    ['localhost', 'https://127.0.0.1/'],
  ])('that has %s does not have %s', (entry, url) => {
    expect(named([entry], url)).toBe(false);
  });

  it.each([
    '*',
    '*.',
    '*.*.com',
    'a*.com',
    'https://a.com',
    'a.com/x',
    'a.com:443',
    'a b',
    '10.0.0.0/33',
    '2130706433',
    'a@b',
    '%00',
  ])('cannot have %j', (entry) => {
    expect(() => new HostList([entry])).toThrow(entry);
  });
});

describe('an address of the internet', () => {
  it.each(['8.8.8.8', '1.1.1.1', '52.216.0.1', '2606:4700::1111', '2a00:1450:4001:80b::200e'])(
    'is %s',
    (address) => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );

  it.each([
    ...['0.0.0.0', '0.1.2.3', '10.0.0.1', '100.64.0.1', '100.100.100.200', '127.0.0.1', '127.255.255.255'],
    ...['168.63.129.16', '169.254.0.1', '169.254.169.254', '169.254.170.2', '172.16.0.1', '172.31.255.255'],
    ...[
      '192.0.0.192',
      '192.0.2.1',
      '192.88.99.1',
      '192.168.0.1',
      '198.18.0.1',
      '198.51.100.1',
      '203.0.113.1',
    ],
    ...['224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255'],
    ...[
      '::',
      '::1',
      '::127.0.0.1',
      '::ffff:127.0.0.1',
      '::ffff:8.8.8.8',
      '::ffff:a9fe:a9fe',
      '64:ff9b::a9fe:a9fe',
    ],
    ...['64:ff9b:1::1', '100::1', '2001::1', '2001:db8::1', '2002:7f00:1::', '3fff::1', '5f00::1', '4000::1'],
    ...['fc00::1', 'fd00:ec2::254', 'fe80::1', 'fe80::1%eth0', 'fec0::1', 'ff02::1'],
    ...['', 'localhost', '127.1', '0177.0.0.1x', '1.2.3.4.5', '::1%', 'example.com'],
  ])('is not %j', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  it('is none of a private range, however it is written in a URL', () => {
    const octets = fc.tuple(fc.constantFrom(10, 127), fc.nat(255), fc.nat(255), fc.nat(255));
    const forms: readonly ((...octets: number[]) => string)[] = [
      (a, b, c, d) => `${a}.${b}.${c}.${d}`,
      (a, b, c, d) => String(((a * 256 + b) * 256 + c) * 256 + d),
      (a, b, c, d) => `0x${(((a * 256 + b) * 256 + c) * 256 + d).toString(16)}`,
      (a, b, c, d) => [a, b, c, d].map((each) => `0${each.toString(8)}`).join('.'),
      (a, b, c, d) => [a, b, c, d].map((each) => `0x${each.toString(16)}`).join('.'),
      (a, b, c, d) => `${a}.${(b * 256 + c) * 256 + d}`,
      (a, b, c, d) => `${a}.${b}.${c * 256 + d}.`,
      (a, b, c, d) => `[::ffff:${a}.${b}.${c}.${d}]`,
      (a, b, c, d) => `[::${a}.${b}.${c}.${d}]`,
      (a, b, c, d) => `[64:ff9b::${a}.${b}.${c}.${d}]`,
      (a, b, c, d) =>
        [...`${a}.${b}.${c}.${d}`]
          .map((each) => (each === '.' ? '。' : String.fromCodePoint(0xff10 + Number(each))))
          .join(''),
    ];
    fc.assert(
      fc.property(octets, fc.constantFrom(...forms), (address, write) => {
        const { hostname } = new URL(`https://${write(...address)}/`);
        expect(isPublicAddress(hostname.replace(/^\[|\]$/g, ''))).toBe(false);
      }),
    );
  });
});

describe('this machine', () => {
  it.each([
    'http://127.0.0.1/',
    'http://127.9.9.9:80/',
    'http://[::1]/',
    'http://localhost/',
    'http://a.localhost./',
    'http://2130706433/',
  ])('is %s', (url) => {
    expect(isLoopback(new URL(url))).toBe(true);
  });

  it.each([
    'http://127.0.0.1.example/',
    'http://localhost.example/',
    'http://evillocalhost/',
    'http://0.0.0.0/',
    'http://[::]/',
    'http://[::ffff:127.0.0.1]/',
    'http://10.0.0.1/',
  ])('is not %s', (url) => {
    expect(isLoopback(new URL(url))).toBe(false);
  });
});
