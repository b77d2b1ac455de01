import { describe, expect, it } from 'vitest';
import { countStarts, remainingText, shortageText } from '../../../src/cli/output/allocation-text.js';

describe('countStarts', () => {
  it('counts new and unknown analyses, each once', () => {
    const analyses = [
      { state: 'new', trackingId: 'a' },
      { state: 'new', trackingId: 'a' },
      { state: 'new', trackingId: 'b' },
      { state: 'paid', trackingId: 'c' },
      { state: 'unlisted', trackingId: 'd' },
      { state: 'unknown' },
      { state: 'unknown' },
    ] as const;
    expect(countStarts(analyses)).toBe(4);
  });
});

describe('remainingText', () => {
  it.each([
    [{ remaining: 1_042, allocated: 2_000 }, 'The subscription has 1,042 of 2,000 executions left.'],
    [{ remaining: 0, allocated: 75 }, 'The subscription has 0 of 75 executions left.'],
    [{ remaining: 7 }, 'The subscription has 7 executions left.'],
    [{ allocated: 75 }, 'Aplos does not report how many executions are left.'],
  ])('of %j returns "%s"', (subscription, text) => {
    expect(remainingText(subscription)).toBe(text);
  });
});

describe('shortageText', () => {
  it.each([
    [0, 1, 'The subscription has no executions left, but 1 new analysis would be started'],
    [1, 2, 'The subscription has 1 execution left, but 2 new analyses would be started'],
  ])('with %i left for %i returns "%s"', (remaining, starts, text) => {
    expect(shortageText({ remaining }, starts)).toBe(text);
  });
});
