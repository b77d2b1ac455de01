import { METADATA_ENCODING_KEY, RawValue } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { checkRequest as checkRequestWith } from '../../src/activities/checkRequest.js';
import { decodeInput } from '../../src/activities/raw-input.js';
import type { UploadRequest } from '../../src/contract/request.js';
import { environmentFor } from '../support/job.js';

const checkRequest = checkRequestWith({ webhooks: { hasWebhook: () => false } });

const json = (data: string | Buffer) =>
  RawValue.fromPayload({
    metadata: { [METADATA_ENCODING_KEY]: Buffer.from('json/plain') },
    data: Buffer.from(data),
  });
const withConfiguration = (configuration: string) =>
  json(
    `{"source":"file:///pk.csv","executions":[{"configuration":{"a":1}},{"configuration":${configuration}}]}`,
  );

describe('the argument of a workflow that another service started', () => {
  it('may start with a byte order mark', () => {
    expect(decodeInput(json('\ufeff{"source":"file:///pk.csv"}'), 1)).toEqual({ source: 'file:///pk.csv' });
  });

  it.each([
    [
      '{"x":12345678901234567890}',
      'executions[1].configuration.x: 12345678901234567890 cannot be stored exactly, and would become 12345678901234567000',
    ],
    ['{"x":1e400}', 'executions[1].configuration.x: 1e400 cannot be stored exactly'],
    ['{"dose":1,"dose":2}', 'executions[1].configuration.dose: is given more than once'],
    ['{"x":-0}', 'executions[1].configuration.x: -0 cannot be stored exactly'],
  ])('is refused with the path of what would be altered in %s', async (configuration, problem) => {
    await expect(checkRequest(withConfiguration(configuration), 1)).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
      message: expect.stringContaining(`The upload request is not valid: ${problem}`),
    });
  });

  it('is refused if it is UTF-16', () => {
    expect(() => decodeInput(json(Buffer.from('{"source":"file:///pk.csv"}', 'utf16le')), 1)).toThrow(
      'must be JSON in a payload with the encoding json/plain (is UTF-16',
    );
  });

  it('keeps numbers that JavaScript can hold', async () => {
    const input = withConfiguration('{"x":[0.1,1e3,1.50,9007199254740991]}');
    const request: UploadRequest = await environmentFor().run(checkRequest, input, 1);
    expect(request.executions[1]?.configuration).toEqual({ x: [0.1, 1000, 1.5, 9007199254740991] });
  });
});
