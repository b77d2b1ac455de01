import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withBoundedTypes } from '../../src/telemetry/bounded-types.js';

const seriesOf = (text: string) => text.split('\n').filter((line) => line && !line.startsWith('#'));

describe('withBoundedTypes', () => {
  it('leaves the types of the worker, and series without a type, unchanged', () => {
    const text = [
      '# HELP temporal_workflow_completed_total Workflows',
      '# TYPE temporal_workflow_completed_total counter',
      'temporal_workflow_completed_total{namespace="default",workflow_type="uploadAnalysisFile"} 3',
      'temporal_workflow_completed_total{namespace="default",workflow_type="previewAnalyses"} 1',
      'temporal_activity_total{activity_type="startExecution",workflow_type="uploadAnalysisFile"} 2',
      'temporal_num_pollers{namespace="default",poller_type="workflow_task"} 2',
      'process_start_time_seconds 1795703276.25',
      '',
    ].join('\n');
    expect(withBoundedTypes(text)).toBe(text);
  });

  it('adds up the series of all other types, in their place', () => {
    expect(
      withBoundedTypes(
        [
          'failed_total{workflow_type="a"} 1',
          'failed_total{workflow_type="b"} 2',
          'failed_total{workflow_type="uploadAnalysisFile"} 4',
          'seconds_bucket{workflow_type="a",le="0.5"} 1',
          'seconds_bucket{workflow_type="a",le="+Inf"} 2',
          'seconds_bucket{workflow_type="b",le="0.5"} 3',
          'seconds_bucket{workflow_type="b",le="+Inf"} 4',
          'seconds_sum{workflow_type="a"} 0.5',
          'seconds_sum{workflow_type="b"} 0.25',
        ].join('\n'),
      ),
    ).toBe(
      [
        'failed_total{workflow_type="other"} 3',
        'failed_total{workflow_type="uploadAnalysisFile"} 4',
        'seconds_bucket{workflow_type="other",le="0.5"} 4',
        'seconds_bucket{workflow_type="other",le="+Inf"} 6',
        'seconds_sum{workflow_type="other"} 0.75',
      ].join('\n'),
    );
  });

  it('returns two series at most, whatever the names of the types are', () => {
    const type = fc
      .array(fc.constantFrom('a', ' ', '\\\\', '\\"', '\\n', '}', '{', ',', '=', 'workflow_type=', '#', '研'))
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.array(fc.tuple(type, type)), (types) => {
        const lines = types.map(
          ([activity, workflow]) => `n{activity_type="${activity}",workflow_type="${workflow}x"} 1`,
        );
        const series = seriesOf(withBoundedTypes(lines.join('\n')));
        expect(series.length).toBeLessThanOrEqual(2);
        expect(series.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)).toBe(types.length);
      }),
    );
  });
});
