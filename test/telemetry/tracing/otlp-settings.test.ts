import { describe, expect, it } from 'vitest';
import { otlpSettings } from '../../../src/telemetry/tracing/otlp-settings.js';

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };

describe('traces are', () => {
  it.each([
    ['to the path for traces below the endpoint', ENDPOINT, 'http://collector:4318/v1/traces'],
    [
      'to the same',
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/' },
      'http://collector:4318/v1/traces',
    ],
    [
      'to the endpoint for traces as it is, where there is one',
      { ...ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://traces.example.com/in?key=secret' },
      'https://traces.example.com/in',
    ],
    [
      'to it by the protocol that is the default',
      { ...ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' },
      'http://collector:4318/v1/traces',
    ],
  ])('sent %s', (_what, environment, to) => {
    expect(otlpSettings(environment)).toEqual({ to, why: '' });
  });

  it.each([
    {},
    { OTEL_EXPORTER_OTLP_ENDPOINT: '' },
    { OTEL_SERVICE_NAME: 'uploads', OTEL_TRACES_EXPORTER: 'otlp' },
  ])('not sent, without a word, where there is no endpoint: %o', (environment) => {
    expect(otlpSettings(environment)).toEqual({ to: undefined, why: '' });
  });

  it.each([
    [{ ...ENDPOINT, OTEL_SDK_DISABLED: 'TRUE' }, 'OTEL_SDK_DISABLED is true'],
    [{ ...ENDPOINT, OTEL_TRACES_EXPORTER: 'none' }, 'OTEL_TRACES_EXPORTER is none'],
    [{ ...ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, /the protocol grpc is not spoken.+4318/],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' }, /not an http\(s\) URL/],
  ])('not sent, and it is said why: %o', (environment, why) => {
    expect(otlpSettings(environment)).toEqual({ to: undefined, why: expect.stringMatching(why) });
  });
});
