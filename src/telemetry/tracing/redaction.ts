import { type Attributes, SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { ATTRIBUTES } from '../../contract/trace-names.js';

/** Attributes that leave the process. Others may be secret: URLs contain signatures, messages contain names of files and people. */
const EXPORTED_ATTRIBUTES = new Set<string>([
  ...Object.values(ATTRIBUTES),
  'http.request.method',
  'http.response.status_code',
  'server.address',
  'server.port',
  'url.path',
  'url.scheme',
]);

/** Returns a copy of a span without events, links and any attribute that is not known to be harmless. */
export function redactSpan(span: ReadableSpan): ReadableSpan {
  const attributes: Attributes = Object.fromEntries(
    Object.entries(span.attributes).filter(
      ([name, value]) => EXPORTED_ATTRIBUTES.has(name) && value !== undefined,
    ),
  );
  const { code } = span.status;
  const error = attributes[ATTRIBUTES.error];
  return {
    name: span.name,
    kind: span.kind,
    spanContext: () => span.spanContext(),
    ...(span.parentSpanContext ? { parentSpanContext: span.parentSpanContext } : {}),
    startTime: span.startTime,
    endTime: span.endTime,
    duration: span.duration,
    ended: span.ended,
    status: code === SpanStatusCode.ERROR && typeof error === 'string' ? { code, message: error } : { code },
    attributes,
    links: [],
    events: [],
    resource: span.resource,
    instrumentationScope: span.instrumentationScope,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}
