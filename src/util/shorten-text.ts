import { cutText } from './cut-text.js';

const JWT = /\beyJ[\w-]+(\.[\w-]*)*/g;
const LONG_SECRET = /[\w+/=-]{80,}/g;
const MAX_CHARACTERS = 300;

/**
 * Prepares a text of another program for use in a message: one line, at most 300 characters, and without anything that
 * could be a token. API Gateway, for example, echoes a malformed Authorization header.
 */
export function shortenText(text: string): string {
  const line = text.replace(/\s+/g, ' ').replace(JWT, '[token]').replace(LONG_SECRET, '[…]').trim();
  return cutText(line, MAX_CHARACTERS);
}
