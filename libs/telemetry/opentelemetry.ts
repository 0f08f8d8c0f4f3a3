import type { IncomingHttpHeaders } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  context,
  type Context,
  createTraceState,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
} from '@opentelemetry/api';
import { NodeSDK, resources } from '@opentelemetry/sdk-node';
import { parseTraceparent, traceparentOf } from './trace-context';
import type { RequestTrace, Sent, Tracing } from './tracing';
import { version } from './version';

/** For so long the end of the service waits until the last spans are out. */
const closingMs = 2_000;

/** Spans by OpenTelemetry, whose standard variables say where they go. There is one in a process. */
export class OpenTelemetry implements Tracing {
  private readonly sdk: NodeSDK;
  private readonly tracer = trace.getTracer('latchkey', version());

  constructor({ OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES }: NodeJS.ProcessEnv) {
    const isNamed = Boolean(OTEL_SERVICE_NAME) || /(^|,)\s*service\.name=/.test(OTEL_RESOURCE_ATTRIBUTES ?? '');
    this.sdk = new NodeSDK({
      ...(!isNamed && { serviceName: 'latchkey' }),
      resource: resources.defaultResource().merge(resources.resourceFromAttributes({ 'service.version': version() })),
      // Nothing of the machine and of the command line.
      resourceDetectors: [resources.envDetector],
      // Prometheus has the numbers, and standard output the log.
      metricReaders: [],
      logRecordProcessors: [],
    });
    this.sdk.start();
  }

  begin(method: string, { traceparent, tracestate }: IncomingHttpHeaders): RequestTrace {
    const parent = contextOf(traceparent, tracestate);
    const attributes = { 'http.request.method': method, 'url.scheme': 'http' };
    const span = this.tracer.startSpan(method, { kind: SpanKind.SERVER, attributes }, parent);
    return {
      traceId: span.spanContext().traceId,
      traceparent: ownTraceparent(span),
      run: (work) => context.with(trace.setSpan(parent, span), work),
      end: (route, status) => {
        if (route !== undefined) span.updateName(`${method} ${route}`).setAttribute('http.route', route);
        answered(span, status, status >= 500);
        span.end();
      },
    };
  }

  async sending<T extends Sent>(name: string, traceparent: string | null, send: (own: string) => Promise<T>): Promise<T> {
    const parent = contextOf(traceparent, undefined);
    const attributes = { 'http.request.method': 'POST' };
    const span = this.tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes }, parent);
    try {
      const sent = await context.with(trace.setSpan(parent, span), () => send(ownTraceparent(span)));
      answered(span, sent.status, sent.status === null || sent.status >= 300);
      return sent;
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  }

  async close(): Promise<void> {
    // Whoever takes the spans may be away, and is not waited for.
    const shutdown = this.sdk.shutdown().catch(() => undefined);
    await Promise.race([shutdown, sleep(closingMs, undefined, { ref: false })]);
  }
}

/** Whoever sends no trace, or none that can be read, begins one here. */
function contextOf(traceparent: unknown, tracestate: unknown): Context {
  const given = parseTraceparent(traceparent);
  if (!given) return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId: given.traceId,
    spanId: given.parentId,
    traceFlags: given.isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    isRemote: true,
    ...(typeof tracestate === 'string' && { traceState: createTraceState(tracestate) }),
  });
}

function ownTraceparent(span: Span): string {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return traceparentOf(traceId, spanId, (traceFlags & TraceFlags.SAMPLED) !== 0);
}

function answered(span: Span, status: number | null, isFailure: boolean): void {
  if (status !== null) span.setAttribute('http.response.status_code', status);
  if (isFailure) span.setStatus({ code: SpanStatusCode.ERROR }).setAttribute('error.type', status === null ? 'no answer' : String(status));
}
