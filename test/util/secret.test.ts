import { format, inspect } from 'node:util';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/util/secret.js';

const VALUE = 'correct horse battery staple';
const secret = new Secret(VALUE);

describe('Secret', () => {
  it.each<[way: string, text: string]>([
    ['String', String(secret)],
    ['a template literal', `${secret}`],
    ['JSON', JSON.stringify({ secret })],
    ['inspect', inspect({ secret }, { showHidden: true })],
    ['format', format('%s %o %j', secret, secret, secret)],
    ['the log', logged({ secret })],
    ['its keys', JSON.stringify([Object.entries(secret), { ...secret }])],
  ])('is masked by %s', (_way, text) => {
    expect(text).not.toContain(VALUE);
  });

  it('returns its value from reveal()', () => {
    expect(secret.reveal()).toBe(VALUE);
  });
});

function logged(fields: object): string {
  let text = '';
  const write = (line: string) => {
    text += line;
  };
  pino({}, { write }).info(fields);
  return text;
}
