import { applyDecorators, Header } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';

/** Pages of any origin may read what is answered, refusals too; and what is no refusal may be kept for so many seconds. */
export const ReadByPages = (seconds: number) =>
  applyDecorators(RouteConfig({ readByPages: true }), Header('cache-control', `public, max-age=${seconds}`));

export const isReadByPages = ({ routeOptions }: FastifyRequest): boolean =>
  (routeOptions.config as { readByPages?: boolean } | undefined)?.readByPages === true;
