/** The effective settings for sending traces, from the environment variables of OpenTelemetry. */
export interface OtlpSettings {
  /** Endpoint without the secret parts of its URL; `undefined` if traces are disabled. */
  readonly endpoint: string | undefined;
  /** The reason why traces are disabled although an endpoint is set; otherwise empty. */
  readonly disabledReason: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads whether traces are enabled: they are if an endpoint is set, unless another variable disables them. OpenTelemetry
 * itself reads the remaining variables.
 */
export function otlpSettings(environment: Environment = process.env): OtlpSettings {
  const read = (...names: string[]) => names.map((name) => environment[name]?.trim()).find(Boolean);
  const tracesEndpoint = read('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT');
  const baseEndpoint = read('OTEL_EXPORTER_OTLP_ENDPOINT');
  if (!tracesEndpoint && !baseEndpoint) return disabled('');
  if (read('OTEL_SDK_DISABLED')?.toLowerCase() === 'true') return disabled('OTEL_SDK_DISABLED is true');
  const exporters = read('OTEL_TRACES_EXPORTER') ?? 'otlp';
  if (!exporters.split(/[\s,]+/).includes('otlp')) return disabled(`OTEL_TRACES_EXPORTER is ${exporters}`);
  const protocol = read('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL');
  if (protocol !== undefined && protocol !== 'http/protobuf')
    return disabled(
      `the protocol ${protocol} is not supported, only http/protobuf (collectors listen for it on port 4318)`,
    );
  const url = tracesEndpoint ?? `${baseEndpoint?.replace(/\/$/, '')}/v1/traces`;
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    return disabled('the endpoint is not an http(s) URL such as http://localhost:4318');
  const { origin, pathname } = new URL(url);
  return { endpoint: origin + pathname, disabledReason: '' };
}

const disabled = (disabledReason: string): OtlpSettings => ({ endpoint: undefined, disabledReason });
