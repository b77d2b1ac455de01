import { describe, expect, it } from 'vitest';
import { HostList } from '../../src/http/host-list.js';

const isListed = (entries: string[], url: string) => new HostList(entries).has(new URL(url));

describe('HostList', () => {
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
  ])('with the entry %s contains %s', (entry, url) => {
    expect(isListed(['other.example', entry], url)).toBe(true);
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
  ])('with the entry %s does not contain %s', (entry, url) => {
    expect(isListed([entry], url)).toBe(false);
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
  ])('rejects the entry %j', (entry) => {
    expect(() => new HostList([entry])).toThrow(entry);
  });
});
