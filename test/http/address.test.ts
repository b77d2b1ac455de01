import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isLoopback, isPublicAddress } from '../../src/http/address.js';

describe('isPublicAddress', () => {
  it.each(['8.8.8.8', '1.1.1.1', '52.216.0.1', '2606:4700::1111', '2a00:1450:4001:80b::200e'])(
    'returns true for %s',
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
  ])('returns false for %j', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  it('returns false for a private address, however a URL spells it', () => {
    const octets = fc.tuple(fc.constantFrom(10, 127), fc.nat(255), fc.nat(255), fc.nat(255));
    const spellings: readonly ((...octets: number[]) => string)[] = [
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
      fc.property(octets, fc.constantFrom(...spellings), (address, spell) => {
        const { hostname } = new URL(`https://${spell(...address)}/`);
        expect(isPublicAddress(hostname.replace(/^\[|\]$/g, ''))).toBe(false);
      }),
    );
  });
});

describe('isLoopback', () => {
  it.each([
    'http://127.0.0.1/',
    'http://127.9.9.9:80/',
    'http://[::1]/',
    'http://[0:0:0:0:0:0:0:1]:8080/',
    'http://localhost/',
    'http://LOCALHOST:8080/',
    'http://2130706433/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:7f01:203]/',
    'http://localhost./',
    'http://a.localhost/',
    'http://a.b.LOCALHOST.:8080/',
  ])('returns true for the URL %s', (url) => {
    expect(isLoopback(new URL(url))).toBe(true);
  });

  it.each([
    'localhost',
    'Localhost',
    'localhost:7233',
    '127.0.0.1',
    '127.1.2.3:7233',
    '::1',
    '[::1]',
    '[::1]:7233',
    '::ffff:127.0.0.1',
    'localhost.',
    'a.localhost',
    'a.localhost:7233',
    'a.localhost.',
  ])('returns true for %s', (host) => {
    expect(isLoopback(host)).toBe(true);
  });

  it.each([
    'http://127.0.0.1.example/',
    'http://localhost.example/',
    'http://evillocalhost/',
    'http://0.0.0.0/',
    'http://[::]/',
    'http://[::ffff:10.0.0.1]/',
    'http://localhost.evil/',
    'http://10.0.0.1/',
  ])('returns false for the URL %s', (url) => {
    expect(isLoopback(new URL(url))).toBe(false);
  });

  it.each([
    '',
    ':7233',
    'localhost.example:7233',
    '127.0.0.1.example',
    '127.0.0.1@evil.example',
    '0.0.0.0',
    '::',
  ])('returns false for %j', (host) => {
    expect(isLoopback(host)).toBe(false);
  });
});
