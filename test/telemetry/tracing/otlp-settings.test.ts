import { describe, expect, it } from 'vitest';
import { otlpSettings } from '../../../src/telemetry/tracing/otlp-settings.js';

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };

describe('otlpSettings', () => {
  it.each([
    ['appends the path for traces to the base endpoint', ENDPOINT, 'http://collector:4318/v1/traces'],
    [
      'ignores a trailing slash of the base endpoint',
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/' },
      'http://collector:4318/v1/traces',
    ],
    [
      'prefers the endpoint for traces, and leaves out its query',
      { ...ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://traces.example.com/in?key=secret' },
      'https://traces.example.com/in',
    ],
    [
      'accepts the default protocol',
      { ...ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' },
      'http://collector:4318/v1/traces',
    ],
  ])('%s', (_what, environment, endpoint) => {
    expect(otlpSettings(environment)).toEqual({ endpoint, disabledReason: '' });
  });

  it.each([
    {},
    { OTEL_EXPORTER_OTLP_ENDPOINT: '' },
    { OTEL_SERVICE_NAME: 'uploads', OTEL_TRACES_EXPORTER: 'otlp' },
  ])('disables traces without a reason if no endpoint is set: %o', (environment) => {
    expect(otlpSettings(environment)).toEqual({ endpoint: undefined, disabledReason: '' });
  });

  it.each([
    [{ ...ENDPOINT, OTEL_SDK_DISABLED: 'TRUE' }, 'OTEL_SDK_DISABLED is true'],
    [{ ...ENDPOINT, OTEL_TRACES_EXPORTER: 'none' }, 'OTEL_TRACES_EXPORTER is none'],
    [{ ...ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, /the protocol grpc is not supported.+4318/],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' }, /not an http\(s\) URL/],
  ])('disables traces with a reason: %o', (environment, reason) => {
    expect(otlpSettings(environment)).toEqual({
      endpoint: undefined,
      disabledReason: expect.stringMatching(reason),
    });
  });
});
