import { createHash, randomUUID } from 'node:crypto';
import { createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { isAllBrands } from '../kernel/brand-id';
import { idempotencyKeyOf } from './idempotency-key';

const keptByProvider = Symbol('kept by provider');

/**
 * Another service than ours keeps the answers of this route, under the key that it is handed: the route asks it over the network, which must
 * not happen while a transaction waits.
 */
export const ProviderKeepsIdempotency = () => SetMetadata(keptByProvider, true);

export const isKeptByProvider = (handler: object): boolean => Reflect.getMetadata(keptByProvider, handler) === true;

/**
 * The key to hand on: of its own for each brand, credential and operation, so that nobody meets what another has asked, and telling nothing
 * of the key that the caller sent. A request without one is asked once.
 */
export const ProviderKey = createParamDecorator((_: unknown, context: ExecutionContext): string =>
  providerKeyOf(context.switchToHttp().getRequest<FastifyRequest>()),
);

export function providerKeyOf(request: FastifyRequest): string {
  const { reach, credentialId } = request.caller!;
  const key = idempotencyKeyOf(request);
  if (key === null) return `latchkey_${randomUUID()}`;
  const scope = [isAllBrands(reach) ? '*' : reach, credentialId, request.method, request.routeOptions.url, key];
  return `latchkey_${createHash('sha256').update(JSON.stringify(scope)).digest('hex')}`;
}
