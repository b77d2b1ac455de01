import { describe, expect, it } from 'vitest';
import { refusalError } from '../../src/s3/refusal.js';
import { FIELDS, presignedPost } from '../support/posting.js';
import { errorXml } from '../support/s3-servers.js';

const post = presignedPost('https://bucket.s3.amazonaws.com/');
const errorFor = (status: number, text = '', headers = {}) =>
  refusalError({ status, headers, text }, post, '"pk.csv"');

describe('refusalError', () => {
  it.each([
    [403, 'AccessDenied', 'Invalid according to Policy: Policy expired.', 'S3_EXPIRED'],
    [403, 'AccessDenied', 'Request has expired', 'S3_EXPIRED'],
    [400, 'ExpiredToken', 'The provided token has expired.', 'S3_EXPIRED'],
    [400, 'TokenRefreshRequired', 'The provided token must be refreshed.', 'S3_EXPIRED'],
    [403, 'RequestExpired', 'Too late', 'S3_EXPIRED'],
    [403, 'RequestTimeTooSkewed', 'The difference is too large.', 'S3_EXPIRED'],
    [403, 'SignatureDoesNotMatch', 'The signature does not match.', 'S3_SIGNATURE_REFUSED'],
    [403, 'InvalidAccessKeyId', 'No such key.', 'S3_SIGNATURE_REFUSED'],
    [400, 'InvalidToken', 'The token is malformed.', 'S3_SIGNATURE_REFUSED'],
    [400, 'EntityTooLarge', 'Too large', 'S3_TOO_LARGE'],
    [413, '', '', 'S3_TOO_LARGE'],
    [400, 'EntityTooSmall', 'Too small', 'S3_TOO_SMALL'],
    [403, 'AccessDenied', 'Access Denied', 'S3_ACCESS_DENIED'],
    [403, 'AccessDenied', 'Policy Condition failed: ["eq", "$key", "expired.csv"]', 'S3_ACCESS_DENIED'],
    [403, '', '', 'S3_ACCESS_DENIED'],
    [400, 'RequestTimeout', 'Not read from within the timeout.', 'S3_UNAVAILABLE'],
    [400, 'IncompleteBody', 'Fewer bytes than announced.', 'S3_UNAVAILABLE'],
    [409, 'OperationAborted', 'Conflict', 'S3_UNAVAILABLE'],
    [500, 'InternalError', 'Try again.', 'S3_UNAVAILABLE'],
    [503, 'SlowDown', 'Reduce your request rate.', 'S3_UNAVAILABLE'],
    [503, 'ServiceUnavailable', 'Reduce', 'S3_UNAVAILABLE'],
    [502, '', '', 'S3_UNAVAILABLE'],
    [429, '', '', 'S3_UNAVAILABLE'],
    [408, '', '', 'S3_UNAVAILABLE'],
    [301, 'PermanentRedirect', 'Use the endpoint.', 'S3_REDIRECTED'],
    [307, 'TemporaryRedirect', 'Use the endpoint.', 'S3_REDIRECTED'],
    [302, '', '', 'S3_REDIRECTED'],
    [303, '', '', 'S3_REDIRECTED'],
    [308, '', '', 'S3_REDIRECTED'],
    [400, 'MalformedPOSTRequest', 'Not well-formed.', 'S3_REFUSED'],
    [411, 'MissingContentLength', 'Length, please.', 'S3_REFUSED'],
    [404, 'NoSuchBucket', 'No such bucket', 'S3_REFUSED'],
    [501, 'NotImplemented', 'A header asks for what there is not.', 'S3_REFUSED'],
    [400, 'constructor', '', 'S3_REFUSED'],
  ])('maps %d %s "%s" to %s', (status, s3Code, message, code) => {
    const error = errorFor(status, s3Code ? errorXml(s3Code, message) : '');

    expect(error.code).toBe(code);
    expect(error.details).toMatchObject({ status });
  });

  it('names the file, the host, the error of S3 and the request', () => {
    expect(errorFor(403, errorXml('AccessDenied', 'Access Denied.')).happened).toBe(
      'The upload of "pk.csv" to bucket.s3.amazonaws.com failed with 403 AccessDenied: Access Denied (request 4442587FB7D0A2F9)',
    );
  });

  it('names only the host of a redirect', () => {
    const error = errorFor(307, '', { location: 'https://other.example/path?X-Amz-Signature=abc' });

    expect(error.happened).toMatch(/with 307, redirecting to other\.example$/);
  });

  it('contains the delay of Retry-After', () => {
    expect(errorFor(503, '', { 'retry-after': '7' }).retryAfterMs).toBe(7000);
    expect(errorFor(503).retryAfterMs).toBeUndefined();
    expect(errorFor(403, '', { 'retry-after': '7' }).retryAfterMs).toBeUndefined();
  });

  it.each([
    ['a string to sign', errorXml('SignatureDoesNotMatch', 'No match', echo())],
    ['a message', errorXml('AccessDenied', `Failed: ${Object.values(FIELDS).join(' | ')}`)],
    [
      'a message with entities',
      errorXml(
        'AccessDenied',
        `[&quot;eq&quot;, &quot;$x-amz-security-token&quot;, &quot;${FIELDS['x-amz-security-token']}&quot;]`,
      ),
    ],
    [
      'the token of another upload',
      errorXml('AccessDenied', 'Failed: ASIAQQQQQQQQQQQQQQQQ/20250101/us-east-1/s3/aws4_request'),
    ],
    [
      'code and request',
      `<Error><Code>${FIELDS['x-amz-signature']}</Code><RequestId>${FIELDS.policy}</RequestId></Error>`,
    ],
    ['HTML', `<html><body>${Object.values(FIELDS).join(' ')}</body></html>`],
  ])('hides the fields that %s echoes', (_, text) => {
    const error = errorFor(403, text, { 'x-amz-request-id': FIELDS['x-amz-security-token'] });
    const shown = `${error.message} ${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`;

    const { key, ...secrets } = FIELDS;
    for (const secret of [...Object.values(secrets), 'ASIAIOSFODNN7EXAMPLE', 'ASIAQQQQQQQQQQQQQQQQ'])
      expect(shown).not.toContain(secret);
  });

  it('keeps the readable part of a message that echoes a field', () => {
    const message = `Failed: [&quot;eq&quot;, &quot;$x-amz-security-token&quot;, &quot;${FIELDS['x-amz-security-token']}&quot;]`;

    expect(errorFor(403, errorXml('AccessDenied', message)).happened).toContain(': Failed: ["eq", "');
  });

  it.each([
    ['an entity bomb', entityBomb()],
    ['deeply nested elements', '<a>'.repeat(20_000)],
    ['a truncated response', '<Error><Code>Acc'],
    ['an empty element', '<Error/>'],
    ['a list of codes', '<Error><Code>a</Code><Code>b</Code></Error>'],
    ['not XML', '{"message":"Forbidden"}'],
    ['a prototype', '<__proto__><Code>x</Code></__proto__>'],
  ])('uses the status if the response is %s', (_, text) => {
    const error = errorFor(403, text);

    expect(error.code).toBe('S3_ACCESS_DENIED');
    expect(error.message.length).toBeLessThan(500);
  });
});

function echo(): string {
  return `<AWSAccessKeyId>ASIAIOSFODNN7EXAMPLE</AWSAccessKeyId><StringToSign>${FIELDS.policy}</StringToSign><SignatureProvided>${FIELDS['x-amz-signature']}</SignatureProvided>`;
}

function entityBomb(): string {
  const levels = Array.from(
    { length: 9 },
    (_, level) => `<!ENTITY l${level + 1} "${`&l${level};`.repeat(10)}">`,
  );
  return `<!DOCTYPE x [<!ENTITY l0 "lol">${levels.join('')}]><Error><Code>AccessDenied</Code><Message>&l9;</Message></Error>`;
}
