import { InvalidArgumentError, Option } from 'commander';
import { type ListenAddress, parseListenAddress } from '../../http/listen-address.js';
import { milliseconds } from '../../util/units.js';

/** Parses an option's duration into milliseconds, e.g. `30s`. */
export function parseDuration(text: string): number {
  const value = milliseconds(text);
  if (value) return value;
  throw new InvalidArgumentError('It must be a number with a unit, e.g. 500ms, 30s or 2m.');
}

/** Parses the address of an option such as `--listen 127.0.0.1:8081`. */
export function parseListen(text: string): ListenAddress {
  const address = parseListenAddress(text);
  if (address) return address;
  throw new InvalidArgumentError('It must be an address and a port, e.g. 127.0.0.1:8081 or [::1]:8081.');
}

/** Returns a SHA-256 in lower-case hex digits; `undefined` if the text is not one. */
export const parseSha256 = (text: string): string | undefined =>
  /^[0-9a-f]{64}$/i.test(text.trim()) ? text.trim().toLowerCase() : undefined;

/** Parses the SHA-256 of an option. */
export function parseSha256Option(text: string): string {
  const sha256 = parseSha256(text);
  if (sha256) return sha256;
  throw new InvalidArgumentError('It must be 64 hex digits, as sha256sum prints them.');
}

/** Returns the option `--limit <number>` of a command that lists or changes uploads. */
export const limitOption = (description: string): Option =>
  new Option('--limit <number>', description).argParser(parseCount);

function parseCount(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number above 0.');
}

/** Appends the value of an option that may be repeated. */
export const appendValue = (value: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  value,
];
