import { describe, expect, it } from 'vitest';
import { withWork, workIn } from '../../src/aplos/work-metadata.js';
import type { JsonValue } from '../../src/contract/json.js';

const aplos_upload = { tracking_id: 't1' };

describe('the identity of the work in metadata', () => {
  it.each<[metaData: JsonValue | undefined, sent: JsonValue]>([
    [undefined, { aplos_upload }],
    [{ study: 7 }, { study: 7, aplos_upload }],
    [{ aplos_upload: 'of the caller' }, { aplos_upload }],
    [
      { aplosUpload: { trackingId: 'of the caller' }, a: 1 },
      { a: 1, aplos_upload },
    ],
    ['study 7', { meta_data: 'study 7', aplos_upload }],
    [[1, 2], { meta_data: [1, 2], aplos_upload }],
    [null, { meta_data: null, aplos_upload }],
  ])('is added to the metadata %j and found again', (metaData, sent) => {
    expect(withWork(metaData, { trackingId: 't1' })).toEqual(sent);
    expect(workIn(sent)).toEqual({ trackingId: 't1' });
    expect(workIn(JSON.stringify(sent))).toEqual({ trackingId: 't1' });
  });

  it('keeps everything that a preview shows', () => {
    const work = {
      trackingId: 't1',
      contentId: 'c1',
      fileVersionId: 'f1',
      fileName: 'pk.csv',
      requestedAt: '2026-11-26T14:00:00.000Z',
      again: 'engine 3.2',
    };
    expect(workIn(withWork({ study: 7 }, work))).toEqual(work);
  });

  it.each<[JsonValue | undefined]>([
    [undefined],
    [null],
    ['{"aplos_upload":'],
    [{}],
    [{ aplos_upload: { tracking_id: 7 } }],
  ])('is not found in %j', (metaData) => {
    expect(workIn(metaData)).toBeUndefined();
  });

  it.each([
    ['aplos_upload', 'tracking_id', 'content_id'],
    ['aplosUpload', 'trackingId', 'contentId'],
    ['aplosUpload', 'TrackingId', 'ContentId'],
    ['AplosUpload', 'TRACKING_ID', 'contentid'],
    ['aplosupload', 'trackingid', 'content-id'],
  ])('is found under %s.%s, whatever Aplos does to the case of keys', (key, tracking, content) => {
    const metaData = { study: 7, [key]: { [tracking]: 'AB', [content]: 'c', again: null } };
    expect(workIn(metaData)).toMatchObject({ trackingId: 'ab', contentId: 'c' });
    expect(workIn(JSON.stringify(metaData))).toMatchObject({ trackingId: 'ab' });
  });
});
