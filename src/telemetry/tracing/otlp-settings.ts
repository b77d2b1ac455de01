/** Whether traces are sent, by the variables that OpenTelemetry knows. */
export interface OtlpSettings {
  /** Where to, without what is secret in the URL. `undefined`: they are not. */
  readonly to: string | undefined;
  /** Why not, though an endpoint is set. Empty where none is, or where they are sent. */
  readonly why: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads whether traces are wanted: they are where an endpoint is set, and nothing speaks against it. What else the
 * variables say is read by OpenTelemetry itself.
 */
export function otlpSettings(environment: Environment = process.env): OtlpSettings {
  const given = (...names: string[]) => names.map((name) => environment[name]?.trim()).find(Boolean);
  const own = given('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT');
  const common = given('OTEL_EXPORTER_OTLP_ENDPOINT');
  if (!own && !common) return no('');
  if (given('OTEL_SDK_DISABLED')?.toLowerCase() === 'true') return no('OTEL_SDK_DISABLED is true');
  const exporters = given('OTEL_TRACES_EXPORTER') ?? 'otlp';
  if (!exporters.split(/[\s,]+/).includes('otlp')) return no(`OTEL_TRACES_EXPORTER is ${exporters}`);
  const protocol = given('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL');
  if (protocol !== undefined && protocol !== 'http/protobuf')
    return no(
      `the protocol ${protocol} is not spoken, only http/protobuf (collectors listen for it at port 4318)`,
    );
  const url = own ?? `${common?.replace(/\/$/, '')}/v1/traces`;
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    return no('the endpoint is not an http(s) URL such as http://localhost:4318');
  const { origin, pathname } = new URL(url);
  return { to: origin + pathname, why: '' };
}

const no = (why: string): OtlpSettings => ({ to: undefined, why });
