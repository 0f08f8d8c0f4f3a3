import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Access, accessKey, operationOf } from '../../../libs/http/access';
import type { Caller, PresentedKey } from '../../../libs/http/caller';
import { FailedTries } from '../../../libs/http/rate-limits/failed-tries';
import { hashOf } from '../../../libs/http/rate-limits/hash';
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
import { LegacyBrand } from '../ports/legacy-brand';
import { allBrands } from './all-brands';
import { RateLimitGuard } from './rate-limit.guard';

/** Decides who calls and for which brand. The one place where the id of an existing brand enters a request. */
@Injectable()
export class CallerGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly credentials: Credentials,
    private readonly brands: BrandDirectory,
    private readonly privatePort: PrivatePort,
    private readonly tries: FailedTries,
    private readonly limits: RateLimitGuard,
    private readonly legacy: LegacyBrand,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const [request, reply] = context.getArgs<[FastifyRequest, FastifyReply]>();
    const access = this.reflector.get<Access | undefined>(accessKey, context.getHandler());
    refuseCredentialInQuery(request);
    switch (access?.by) {
      case 'anyone':
        return true;
      case 'private_port':
        if (this.privatePort.isSet && !cameToPrivatePort(request)) throw new RouteNotFound();
        return true;
      case 'license_key':
        request.presentedKey = await this.identify(request, reply);
        await this.limits.canActivate(context);
        note('license_key');
        return true;
      case 'anyone_of_brand':
        request.publicBrand = await this.brandOfAnyone(request, access);
        if (!access.signed) await this.limits.canActivate(context);
        note('anyone');
        return true;
      case 'api_key': {
        const credential = await this.authenticate(request, reply, operationOf(context.getHandler()));
        await this.limits.canActivate(context);
        request.caller = await this.admit(request, credential, access);
        note(request.caller.credentialId);
        return true;
      }
      case undefined:
        throw new Error('A route has to say who may call it');
    }
  }

  private async authenticate(request: FastifyRequest, reply: FastifyReply, operation: string): Promise<Credential> {
    const secret = secretIn(request);
    if (secret === undefined) throw new Unauthenticated();
    const presented = parseSecret(secret);
    const hash = presented && presented.hash.toString('base64url');
    this.tries.refuse(request, reply, hash);
    const credential = presented && (await this.credentials.check(presented));
    if (!credential) {
      await this.tries.failed(request, hash);
      throw new Unauthenticated();
    }
    this.tries.succeeded(hash!);
    request.asking = { credentialId: publicId('apiKey', credential.id), brandId: credential.brand?.id ?? installation, operation };
    return credential;
  }

  private async admit(request: FastifyRequest, credential: Credential, { roles, scope }: Access & { by: 'api_key' }): Promise<Caller> {
    if (!roles.includes(credential.role)) throw new RoleNotAllowed(credential.role);
    if (!mayUse(credential.scopes, scope)) throw new ScopeMissing(scope);
    const { role, scopes } = credential;
    const credentialId = publicId('apiKey', credential.id);
    return { credentialId, role, scopes, reach: await this.reachOf(credential, brandNamedIn(request)) };
  }

  /** A brand's key reaches its own brand; any other does not exist for it. */
  private async reachOf({ brand }: Credential, named: string | undefined): Promise<Reach> {
    if (!brand) return named === undefined ? allBrands : this.brandNamed(named);
    if (named !== undefined && named !== brand.slug && named !== publicId('brand', brand.id)) throw new BrandNotFound();
    if (brand.status === 'suspended') throw new BrandSuspended();
    return brand.id;
  }

  private async brandOfAnyone(request: FastifyRequest, { named, signed }: Access & { by: 'anyone_of_brand' }): Promise<BrandId> {
    const idOrSlug = named === 'in_path' ? brandNamedIn(request) : this.legacy.slug;
    if (idOrSlug === null) throw new RouteNotFound();
    const brand = idOrSlug === undefined ? null : await this.brands.find(allBrands, idOrSlug);
    if (!brand) throw new BrandNotFound();
    if (brand.status === 'suspended' && !signed) throw new BrandSuspended();
    return brand.id;
  }

  private async brandNamed(idOrSlug: string): Promise<BrandId> {
    const brand = await this.brands.find(allBrands, idOrSlug);
    if (!brand) throw new BrandNotFound();
    return brand.id;
  }

  /** The prefix of a well-formed license key names the brand; whether the key exists is the use case's question. */
  private async identify(request: FastifyRequest, reply: FastifyReply): Promise<PresentedKey | null> {
    const { license_key: inBody } = (request.body ?? {}) as { license_key?: unknown };
    const text = (request.params as { key?: string }).key ?? inBody;
    if (typeof text !== 'string') return null;
    const key = parseLicenseKey(text);
    request.credentialHash = key && this.tries.isOn ? hashOf(key.canonical) : null;
    this.tries.refuse(request, reply, request.credentialHash);
    const brandId = key && (await this.brands.ofKeyPrefix(key.prefix));
    if (key && brandId) return { brandId, key };
    await this.tries.failed(request, request.credentialHash);
    return null;
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
