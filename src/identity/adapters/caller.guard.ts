import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { type Access, accessKey, type Caller, operationOf, type PresentedKey } from '../../../libs/http/access';
import {
  BrandSuspended,
  CredentialInQuery,
  InvalidRequest,
  RoleNotAllowed,
  RouteNotFound,
  ScopeMissing,
  Unauthenticated,
} from '../../../libs/http/refusals';
import { cameToPrivatePort, PrivatePort } from '../../../libs/http/server';
import { type BrandId, installation, type Reach } from '../../../libs/kernel/brand-id';
import { parsePublicId, publicId } from '../../../libs/kernel/id';
import { parseLicenseKey } from '../../../libs/license-key/license-key';
import { provenance } from '../../../libs/persistence/provenance';
import { BrandDirectory, BrandNotFound } from '../../brands';
import { mayUse } from '../domain/api-key';
import { parseSecret } from '../domain/api-secret';
import { type Credential, Credentials } from '../ports/credentials';
import { allBrands } from './all-brands';

/** Decides who calls and for which brand. The one place where the id of an existing brand enters a request. */
@Injectable()
export class CallerGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly credentials: Credentials,
    private readonly brands: BrandDirectory,
    private readonly privatePort: PrivatePort,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const access = this.reflector.get<Access | undefined>(accessKey, context.getHandler());
    refuseCredentialInQuery(request);
    switch (access?.by) {
      case 'anyone':
        return true;
      case 'private_port':
        if (this.privatePort.isSet && !cameToPrivatePort(request)) throw new RouteNotFound();
        return true;
      case 'license_key':
        request.presentedKey = await this.identify(request);
        note('license_key');
        return true;
      case 'api_key':
        request.caller = await this.authenticate(request, access, operationOf(context.getHandler()));
        note(request.caller.credentialId);
        return true;
      case undefined:
        throw new Error('A route has to say who may call it');
    }
  }

  private async authenticate(request: FastifyRequest, { roles, scope }: Access & { by: 'api_key' }, operation: string): Promise<Caller> {
    const presented = parseSecret(secretIn(request) ?? '');
    const credential = presented && (await this.credentials.check(presented));
    if (!credential) throw new Unauthenticated();
    const credentialId = publicId('apiKey', credential.id);
    request.asking = { credentialId, brandId: credential.brand?.id ?? installation, operation };
    if (!roles.includes(credential.role)) throw new RoleNotAllowed(credential.role);
    if (!mayUse(credential.scopes, scope)) throw new ScopeMissing(scope);
    const { role, scopes } = credential;
    return { credentialId, role, scopes, reach: await this.reachOf(credential, brandNamedIn(request)) };
  }

  /** A brand's key reaches its own brand; any other does not exist for it. */
  private async reachOf({ brand }: Credential, named: string | undefined): Promise<Reach> {
    if (!brand) return named === undefined ? allBrands : this.brandNamed(named);
    if (named !== undefined && named !== brand.slug && named !== publicId('brand', brand.id)) throw new BrandNotFound();
    if (brand.status === 'suspended') throw new BrandSuspended();
    return brand.id;
  }

  private async brandNamed(idOrSlug: string): Promise<BrandId> {
    const brand = await this.brands.find(allBrands, idOrSlug);
    if (!brand) throw new BrandNotFound();
    return brand.id;
  }

  /** The prefix of a well-formed license key names the brand; whether the key exists is the use case's question. */
  private async identify(request: FastifyRequest): Promise<PresentedKey | null> {
    const { license_key: inBody } = (request.body ?? {}) as { license_key?: unknown };
    const text = (request.params as { key?: string }).key ?? inBody;
    const key = typeof text === 'string' ? parseLicenseKey(text) : null;
    const brandId = key && (await this.brands.ofKeyPrefix(key.prefix));
    return key && brandId ? { brandId, key } : null;
  }
}

function note(actor: string): void {
  const current = provenance();
  if (current) current.actor = actor;
}

function secretIn({ headers }: FastifyRequest): string | undefined {
  const bearer = /^bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  const own = headers['x-api-key'];
  if (typeof own === 'string' && bearer !== undefined && own !== bearer) return undefined;
  return typeof own === 'string' ? own : bearer;
}

/** By the path or `?brand=`: an id or a slug. A slug has no underscore, so an id of something else is told apart. */
function brandNamedIn({ params, query }: FastifyRequest): string | undefined {
  const inPath = (params as { brand?: string }).brand;
  const named = inPath ?? (query as { brand?: unknown }).brand;
  if (named === undefined) return undefined;
  if (typeof named === 'string' && (!named.includes('_') || parsePublicId('brand', named))) return named;
  const detail = 'brand must be a slug or an id that begins with brd_';
  throw new InvalidRequest([{ pointer: inPath === undefined ? '?brand' : '{brand}', detail }]);
}

const apiKey = /lk_(live|test)_[bi]_/;

function refuseCredentialInQuery({ query }: FastifyRequest): void {
  for (const [name, value] of Object.entries(query as Record<string, unknown>)) {
    if (apiKey.test(name)) throw new CredentialInQuery('…');
    if (/^(x[-_])?api[-_]?key$|^access_token$/i.test(name) || apiKey.test(String(value))) throw new CredentialInQuery(name);
  }
}
