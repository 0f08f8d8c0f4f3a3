import { passingOn, type Tracing } from './tracing';

/** Whether the standard variables of OpenTelemetry switch it on. */
export function isSwitchedOn(environment: NodeJS.ProcessEnv): boolean {
  const { OTEL_SDK_DISABLED, OTEL_TRACES_EXPORTER, OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT } = environment;
  if (OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true' || OTEL_TRACES_EXPORTER?.trim() === 'none') return false;
  return Boolean(OTEL_TRACES_EXPORTER || OTEL_EXPORTER_OTLP_ENDPOINT || OTEL_EXPORTER_OTLP_TRACES_ENDPOINT);
}

/** What is not switched on is not even loaded. */
export async function openTracing(environment: NodeJS.ProcessEnv): Promise<Tracing> {
  if (!isSwitchedOn(environment)) return passingOn;
  const { OpenTelemetry } = await import('./opentelemetry.js');
  return new OpenTelemetry(environment);
}
