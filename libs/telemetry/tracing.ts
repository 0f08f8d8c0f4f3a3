import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { parseTraceparent } from './trace-context';

/** A request as a part of a trace. */
export interface RequestTrace {
  readonly traceId: string;
  /** What goes on with all that the request causes. null: nobody keeps this trace, so nobody else is told of it. */
  readonly traceparent: string | null;
  /** Does the work inside the trace. */
  run<T>(work: () => T): T;
  /** @param route its template; undefined when there is none */
  end(route: string | undefined, status: number): void;
}

/** How the other side of something that we sent answered. */
export interface Sent {
  /** Of HTTP; null when there was none. */
  readonly status: number | null;
}

/** Follows what belongs together over processes. What it tells of a request is its method, its route's template and its status. */
export abstract class Tracing {
  /** Begins with the headers of a request; a trace of the caller's goes on. */
  abstract begin(method: string, headers: IncomingHttpHeaders): RequestTrace;
  /** Sends something that a traced request caused earlier. @param traceparent of that request; null when it had none */
  abstract sending<T extends Sent>(name: string, traceparent: string | null, send: (traceparent: string | null) => Promise<T>): Promise<T>;
  /** Gives away what was kept, within a time that is bounded. */
  abstract close(): Promise<void>;
}

/** Without OpenTelemetry: the caller's trace is passed on as it came. Whoever has none gets an id for the log. */
export const passingOn: Tracing = {
  begin: (_method, headers) => {
    const { traceId = newTraceId(), traceparent = null } = parseTraceparent(headers.traceparent) ?? {};
    return { traceId, traceparent, run, end };
  },
  sending: (_name, traceparent, send) => send(traceparent),
  close: () => Promise.resolve(),
};
const run = <T>(work: () => T): T => work();
const end = (): void => undefined;

/** 32 random digits, as cheaply as they come. */
function newTraceId(): string {
  const id = randomUUID();
  return id.slice(0, 8) + id.slice(9, 13) + id.slice(14, 18) + id.slice(19, 23) + id.slice(24);
}
