import { describe, expect, it } from 'vitest';
import { trackingIdOf, withTrackingId } from '../../../src/aplos/v1/tracking.js';
import type { JsonValue } from '../../../src/contract/json.js';

const aplos_upload = { tracking_id: 't1' };

describe('a tracking ID', () => {
  it.each<[metaData: JsonValue | undefined, sent: JsonValue]>([
    [undefined, { aplos_upload }],
    [{ study: 7 }, { study: 7, aplos_upload }],
    [{ aplos_upload: 'of the caller' }, { aplos_upload }],
    ['study 7', { meta_data: 'study 7', aplos_upload }],
    [[1, 2], { meta_data: [1, 2], aplos_upload }],
    [null, { meta_data: null, aplos_upload }],
  ])('is added to the metadata %j and found again', (metaData, sent) => {
    expect(withTrackingId(metaData, 't1')).toEqual(sent);
    expect(trackingIdOf(sent)).toBe('t1');
    expect(trackingIdOf(JSON.stringify(sent))).toBe('t1');
  });

  it.each<[JsonValue | undefined]>([
    [undefined],
    [null],
    ['{"aplos_upload":'],
    [{}],
    [{ aplos_upload: { tracking_id: 7 } }],
  ])('is not found in %j', (metaData) => {
    expect(trackingIdOf(metaData)).toBeUndefined();
  });
});
