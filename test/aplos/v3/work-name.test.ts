import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nameFor, trackingIdIn } from '../../../src/aplos/v3/work-name.js';

const trackingId = '0123456789abcdef0123456789abcdef';
const hex = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 32, maxLength: 32 });

describe('the name of an execution', () => {
  it('shows the label and the tracking id', () => {
    expect(nameFor('day 1', { trackingId })).toBe(`day 1 · aplos-upload ${trackingId}`);
  });

  it.each(['é', '日', '😀', 'day 1 ', '👩‍🔬'])(
    'shortens a long label of %s, and keeps the tracking id',
    (part) => {
      const name = nameFor(part.repeat(100), { trackingId });
      expect(Buffer.byteLength(name)).toBeLessThanOrEqual(100);
      expect(name).toContain(`${part.slice(0, 1)}`);
      expect(() => encodeURIComponent(name)).not.toThrow();
      expect(trackingIdIn(name)).toBe(trackingId);
    },
  );

  it('carries the tracking id of any label through any change of case, spaces and separators', () => {
    const changes = [
      (name: string) => name,
      (name: string) => name.toUpperCase(),
      (name: string) => name.toLowerCase(),
      (name: string) => name.replaceAll('-', '_'),
      (name: string) => name.replaceAll(' ', '_'),
      (name: string) => name.replaceAll('-', '').replaceAll(' ', '  '),
      (name: string) => name.replaceAll('·', '?'),
      (name: string) => name.replaceAll(/[^a-z\d]/gi, ''),
      (name: string) => name.replaceAll(' ', '+'),
      (name: string) => name.replaceAll(' ', '%20'),
      (name: string) => name.replaceAll(' ', '\u00a0').replaceAll('-', '\u2011'),
      (name: string) => `Copy of ${name} (2)`,
    ];
    fc.assert(
      fc.property(fc.string({ maxLength: 100 }), hex, fc.constantFrom(...changes), (label, id, change) => {
        expect(trackingIdIn(change(nameFor(label, { trackingId: id })))).toBe(id);
      }),
    );
  });

  it('is not confused by a label that contains another tracking id', () => {
    const other = nameFor('x', { trackingId: 'f'.repeat(32) });
    expect(trackingIdIn(nameFor(other, { trackingId }))).toBe(trackingId);
  });

  it.each(['pk', '', `aplos-upload ${trackingId}0`, `aplos-upload ${trackingId.slice(1)}`, trackingId])(
    'has no tracking id if another program chose it: %j',
    (name) => expect(trackingIdIn(name)).toBeUndefined(),
  );
});
