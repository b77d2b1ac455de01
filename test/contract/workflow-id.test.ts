import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { workflowIdFor } from '../../src/client.js';
import type { JsonValue } from '../../src/contract/json.js';
import { parseUploadRequest, type UploadRequestInput } from '../../src/contract/request.js';
import { belongsToOtherWork } from '../../src/contract/workflow-id.js';
import { canBeQueried } from '../../src/temporal/query.js';

const sha256 = 'a'.repeat(64);
const configuration = { version: '1', columns: { time: 't', id: 'i' } };
const request = {
  source: 'file:///data/pk.csv',
  profile: 'team',
  expect: { sha256, sizeBytes: 10 },
  executions: [{ label: 'day 1', configuration }],
} satisfies UploadRequestInput;
const idOf = (changes: Partial<UploadRequestInput> = {}) =>
  workflowIdFor(parseUploadRequest({ ...request, ...changes }));

describe('workflowIdFor', () => {
  it('contains the profile and the file name', () => {
    expect(idOf()).toMatch(/^team:pk\.csv:[0-9a-f]{12}-[0-9a-f]{12}$/);
  });

  it.each<[what: string, changes: Partial<UploadRequestInput>]>([
    ['no field', {}],
    [
      'the order of keys',
      {
        executions: [{ configuration: { columns: { id: 'i', time: 't' }, version: '1' }, label: 'day 1' }],
      },
    ],
    ['the requester and the batch', { requestedBy: 'jane@example.com', batch: 'study 7' }],
    ['the run that it repeats and other batches', { repeatOf: 'a1', otherBatches: ['study 6'] }],
    ['the path of the same content', { source: 'file:///elsewhere/pk.csv' }],
    ['whether the size is given', { expect: { sha256 } }],
    ['the host that has the file', { host: 'lab-7' }],
  ])('is the same for the same work if it differs in %s', (_what, changes) => {
    expect(idOf(changes)).toBe(idOf());
  });

  it.each<[what: string, changes: Partial<UploadRequestInput>]>([
    ['content', { expect: { sha256: 'b'.repeat(64) } }],
    ['profile', { profile: 'other' }],
    ['file name', { fileName: 'other.csv' }],
    ['configuration', { executions: [{ label: 'day 1', configuration: { version: '2' } }] }],
    [
      'order in an array',
      { executions: [{ label: 'day 1', configuration: { version: '1', columns: ['i', 't'] } }] },
    ],
    ['label', { executions: [{ configuration, label: 'day 2' }] }],
    ['metadata', { executions: [{ configuration, label: 'day 1', metaData: 1 }] }],
    ['number of executions', { executions: [] }],
  ])('differs for another %s', (_what, changes) => {
    expect(idOf(changes)).not.toBe(idOf());
  });

  it('identifies the content by the source if the request has no SHA-256', () => {
    const unknown = { expect: { sizeBytes: 10 } };
    expect(idOf(unknown)).toBe(idOf({ expect: {} }));
    expect(idOf({ ...unknown, source: 'file:///elsewhere/pk.csv' })).not.toBe(idOf(unknown));
  });

  it('is the same for a source that was presigned again, but differs for another file under its path', () => {
    const from = (query: string) => idOf({ source: `https://example.com/pk.csv?${query}`, expect: {} });
    expect(from('X-Amz-Date=2&X-Amz-Signature=b')).toBe(from('X-Amz-Date=1&X-Amz-Signature=a'));
    expect(from('id=2')).not.toBe(from('id=1'));
  });

  it('differs only in its last part for other executions of the same content', () => {
    const other = idOf({ executions: [{ configuration: { version: '2' } }] });
    expect(other.slice(0, -12)).toBe(idOf().slice(0, -12));
    expect(other).not.toBe(idOf());
  });

  it('can be named in a query, whatever the file name', () => {
    const fileName = 'a "quoted" name.csv';
    expect(canBeQueried(idOf({ fileName }))).toBe(true);
    expect(idOf({ fileName })).not.toBe(idOf({ fileName: 'a _quoted_ name.csv' }));
  });

  it('differs for `a:b` + `c.csv` and `a` + `b:c.csv`', () => {
    expect(idOf({ profile: 'a:b', fileName: 'c.csv' })).not.toBe(idOf({ profile: 'a', fileName: 'b:c.csv' }));
  });

  it('differs for the same path on another host if the request has no SHA-256', () => {
    const hosts = [undefined, 'lab-1', 'lab-2'];
    const ids = hosts.map((host) =>
      workflowIdFor(parseUploadRequest({ source: request.source, ...(host ? { host } : {}) })),
    );
    expect(new Set(ids).size).toBe(hosts.length);
  });
});

describe('belongsToOtherWork', () => {
  it('accepts every request under the ID that its sender derived, after a trip through JSON', () => {
    const json = fc
      .dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<JsonValue>)
      .map((given) => JSON.parse(JSON.stringify(given)) as typeof given); // a request cannot have -0
    fc.assert(
      fc.property(json, fc.option(fc.constantFrom('Lab-1', 'lab-2'), { nil: undefined }), (given, host) => {
        fc.pre(!JSON.stringify(given).includes('"__proto__"'));
        const sent = parseUploadRequest({
          source: 'file:///data/p%C3%A4k.csv',
          host,
          executions: [{ configuration: { given }, metaData: given }],
        });
        const arrived = parseUploadRequest(JSON.parse(JSON.stringify(sent)));
        expect(belongsToOtherWork(workflowIdFor(sent), arrived)).toBe(false);
      }),
    );
  });

  it.each<Partial<UploadRequestInput>>([
    { fileName: 'other.csv' },
    { profile: 'other' },
    { expect: { sha256: 'b'.repeat(64) } },
    { executions: [] },
  ])('refuses another request under the same ID: %j', (changes) => {
    const other = parseUploadRequest({ ...request, ...changes });
    expect(belongsToOtherWork(idOf(), other)).toBe(true);
  });

  it.each(['nightly-pk', 'pk:5d8d43', 'x:aaaaaaaaaaaa-AAAAAAAAAAAA', ''])(
    'accepts any request under the ID %s, which somebody chose',
    (workflowId) => {
      expect(belongsToOtherWork(workflowId, parseUploadRequest(request))).toBe(false);
    },
  );
});
