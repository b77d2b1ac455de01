import { format, inspect } from 'node:util';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/util/secret.js';

const VALUE = 'correct horse battery staple';
const secret = new Secret(VALUE);

describe('a secret', () => {
  it.each<[way: string, text: string]>([
    ['String', String(secret)],
    ['a template', `${secret}`],
    ['JSON', JSON.stringify({ secret })],
    ['inspect', inspect({ secret }, { showHidden: true })],
    ['format', format('%s %o %j', secret, secret, secret)],
    ['the log', logged({ secret })],
    ['its keys', JSON.stringify([Object.entries(secret), { ...secret }])],
  ])('is not shown by %s', (_way, text) => {
    expect(text).not.toContain(VALUE);
  });

  it('is given to who asks for it', () => {
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
