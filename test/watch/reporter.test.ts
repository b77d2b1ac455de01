import { describe, expect, it } from 'vitest';
import type { WatchEvent } from '../../src/watch/events.js';
import { WatchReporter } from '../../src/watch/reporter.js';

describe('WatchReporter', () => {
  const record = () => {
    const events: WatchEvent[] = [];
    return { events, reporter: new WatchReporter((event) => events.push(event)) };
  };
  const empty = { event: 'waiting', file: 'pk.csv', reason: 'empty' } as const;
  const problem = (message: string) =>
    ({ event: 'problem', file: 'pk.csv', error: new Error(message) }) as const;

  it('repeats an event about a file only after the file was started or away', () => {
    const { events, reporter } = record();
    for (const event of [empty, empty, problem('a'), problem('a'), problem('b'), empty])
      reporter.reportOnce('/pk.csv', event);
    expect(events.map((each) => ('error' in each ? String(each.error) : each.event))).toEqual([
      'waiting',
      'Error: a',
      'Error: b',
    ]);
    reporter.forgetMissing(() => true);
    reporter.reportOnce('/pk.csv', empty);
    expect(events).toHaveLength(3);
    reporter.forgetMissing(() => false);
    reporter.reportOnce('/pk.csv', empty);
    expect(events).toHaveLength(4);
    reporter.forget('/pk.csv');
    reporter.reportOnce('/pk.csv', empty);
    expect(events).toHaveLength(5);
  });

  it('reports an unavailable dependency once, and its recovery only if it was reported', () => {
    const { events, reporter } = record();
    const error = new Error('down');
    reporter.available('temporal');
    reporter.unavailable('temporal', error);
    reporter.unavailable('temporal', error);
    reporter.unavailable('folder', error);
    reporter.available('temporal');
    reporter.available('temporal');
    expect(events).toEqual([
      { event: 'problem', error },
      { event: 'problem', error },
      { event: 'recovered', dependency: 'temporal' },
    ]);
  });
});
