import { applyDecorators, createParamDecorator, type ExecutionContext, SetMetadata, UseInterceptors } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiBearerAuth, ApiParam, ApiQuery, ApiSecurity } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import type { AllBrands, BrandId, Reach } from '../kernel/brand-id';
import { isAllBrands } from '../kernel/brand-id';
import type { Caller, PresentedKey, Role } from './caller';
import { Idempotency } from './idempotency';
import { Refuses } from './problem';
import {
  BadRequest,
  BodyTooLarge,
  BrandRequired,
  BrandSuspended,
  CredentialInQuery,
  InternalError,
  InvalidRequest,
  MalformedBody,
  RateLimited,
  RoleNotAllowed,
  RouteNotFound,
  ScopeMissing,
  Unauthenticated,
  Unavailable,
  UnstorableValue,
  UnsupportedMediaType,
} from './refusals';

/** What a route asks of its caller. A route that says nothing is answered to nobody. */
export type Access =
  | { readonly by: 'anyone' | 'license_key' | 'private_port' }
  | ({ readonly by: 'anyone_of_brand' } & OfBrand)
  | { readonly by: 'api_key'; readonly roles: readonly Role[]; readonly scope: string };

interface OfBrand {
  /** Where the brand is named. */
  readonly named: 'in_path' | 'by_setting';
  /** Whether the body proves who sent it: then it is taken whatever became of the brand, and not counted. */
  readonly signed: boolean;
}

export const accessKey = Symbol('access');
const requires = (access: Access) => SetMetadata(accessKey, access);

/** Anyone may call. */
export const OpenToAnyone = () => requires({ by: 'anyone' });

/** Anyone may call, about the one brand that the path or the settings name. */
export const OpenToAnyoneOfBrand = ({ named = 'in_path', signed = false }: Partial<OfBrand> = {}) =>
  applyDecorators(
    requires({ by: 'anyone_of_brand', named, signed }),
    Refuses(BadRequest, CredentialInQuery, RateLimited, InternalError, Unavailable),
    ...(signed ? [] : [Refuses(BrandSuspended)]),
  );

/** The body is handed on as the bytes that came: whoever signed it signed these. */
export const TakesRawBody = () => RouteConfig({ rawBody: true });

/** Answered on the private port only, where there is one. */
export const OnPrivatePort = () => applyDecorators(requires({ by: 'private_port' }), Refuses(RouteNotFound));

/** The license key in the request is the credential. */
export const ForLicenseKeys = () =>
  applyDecorators(requires({ by: 'license_key' }), Refuses(BadRequest, CredentialInQuery, RateLimited, InternalError, Unavailable));

/** An API key of one of the roles, with the scope; internal keys have every scope. */
export const ForApiKeys = (scope: string, ...roles: Role[]) => {
  const access: Access = { by: 'api_key', scope, roles: roles.length > 0 ? roles : ['brand', 'internal'] };
  return applyDecorators(
    requires(access),
    UseInterceptors(Idempotency),
    ApiSecurity('api_key'),
    ApiBearerAuth('bearer'),
    Refuses(BadRequest, InvalidRequest, CredentialInQuery),
    Refuses(Unauthenticated, ScopeMissing, RoleNotAllowed, BrandSuspended, RateLimited, InternalError, Unavailable),
  );
};

/** Documents what an operation with a body may answer to a bad one. */
export const ReadsBody = () => Refuses(InvalidRequest, MalformedBody, BodyTooLarge, UnsupportedMediaType, UnstorableValue);

/** Documents `{brand}` of the path. The guard reads it; a brand that is not the caller's does not exist for it. */
export const NamesBrandInPath = () =>
  ApiParam({ name: 'brand', description: 'The id or slug of the brand', schema: { type: 'string', example: 'demo' } });

/** Documents `?brand=`, by which an internal key names the brand. The guard reads it. */
export const NamesBrandInQuery = () =>
  ApiQuery({
    name: 'brand',
    required: false,
    description: 'For internal keys: the id or slug of the brand',
    schema: { type: 'string', example: 'demo' },
  });

/** The name of the operation that a handler serves. */
export function operationOf(handler: { readonly name: string }): string {
  const described = Reflect.getMetadata('swagger/apiOperation', handler) as { operationId?: string } | undefined;
  return described?.operationId ?? handler.name;
}

const requestOf = (context: ExecutionContext) => context.switchToHttp().getRequest<FastifyRequest>();

/** The caller's brand; an internal key has to have named one. */
export const Tenant = createParamDecorator((_: unknown, context: ExecutionContext): BrandId => {
  const { caller, publicBrand } = requestOf(context);
  const reach = caller?.reach ?? publicBrand;
  if (reach === undefined) throw new Unauthenticated();
  if (isAllBrands(reach)) throw new BrandRequired();
  return reach;
});

/** All brands, for what belongs to none of them: naming one makes no sense. */
export const OverAllBrands = createParamDecorator((_: unknown, context: ExecutionContext): AllBrands => {
  const reach = requestOf(context).caller?.reach;
  if (reach === undefined) throw new Unauthenticated();
  if (!isAllBrands(reach)) throw new InvalidRequest([{ pointer: '?brand', detail: 'brand is not known here' }]);
  return reach;
});

/** The caller's brand, or all of them. */
export const InReach = createParamDecorator((_: unknown, context: ExecutionContext): Reach => {
  const reach = requestOf(context).caller?.reach;
  if (reach === undefined) throw new Unauthenticated();
  return reach;
});

export const CallerOf = createParamDecorator((_: unknown, context: ExecutionContext): Caller | undefined => requestOf(context).caller);

/** The license key of the request; null when it cannot be one. */
export const Presented = createParamDecorator(
  (_: unknown, context: ExecutionContext): PresentedKey | null => requestOf(context).presentedKey ?? null,
);
