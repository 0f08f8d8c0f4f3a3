/** Where a trace stands as it comes to us, by W3C Trace Context, level 1. */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** What the caller was doing: 16 hexadecimal digits. */
  readonly parentId: string;
  readonly isSampled: boolean;
  /** As it goes on from here. */
  readonly traceparent: string;
}

/** A version that is younger than ours may have more behind the four parts that we know. */
const shape = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** null when it is not exactly what the standard says; then the header counts as absent. */
export function parseTraceparent(header: unknown): TraceContext | null {
  const [, version, traceId, parentId, flags, more] = (typeof header === 'string' && shape.exec(header)) || [];
  if (version === undefined || version === 'ff' || (version === '00' && more !== undefined)) return null;
  if (isZero(traceId!) || isZero(parentId!)) return null;
  const isSampled = (parseInt(flags!, 16) & 1) === 1;
  const traceparent = version === '00' ? (header as string) : traceparentOf(traceId!, parentId!, isSampled);
  return { traceId: traceId!, parentId: parentId!, isSampled, traceparent };
}

export const traceparentOf = (traceId: string, spanId: string, isSampled: boolean): string =>
  `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`;

const isZero = (id: string): boolean => /^0+$/.test(id);
