import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { InvalidRequest } from './refusals';

export const idempotencyHeader = 'Idempotency-Key';

/** The key by which a client marks the tries of one request; null without the header. @throws InvalidRequest */
export function idempotencyKeyOf({ raw }: FastifyRequest): string | null {
  const given = raw.headersDistinct['idempotency-key'];
  if (!given) return null;
  const [text = ''] = given;
  const key = /^".*"$/.test(text) && text.length > 1 ? text.slice(1, -1).replace(/\\(["\\])/g, '$1') : text;
  if (given.length === 1 && /^[\x20-\x7e]{1,255}$/.test(key)) return key;
  const detail = `${idempotencyHeader} must be 1 to 255 printable ASCII characters, and may be given only once`;
  throw new InvalidRequest([{ pointer: `header:${idempotencyHeader}`, detail }]);
}

/** The same for the same request, in whatever order its members stand. */
export function fingerprintOf({ method, url, query, body }: FastifyRequest): Buffer {
  const [path] = url.split('?', 1);
  return createHash('sha256')
    .update(JSON.stringify([method, path, query, body ?? {}], inOrder))
    .digest();
}

const inOrder = (_: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
    : value;
