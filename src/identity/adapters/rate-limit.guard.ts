import { type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { InjectThrottlerOptions, normalizeIp, ThrottlerGuard, type ThrottlerModuleOptions } from '@nestjs/throttler';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { hashOf } from '../../../libs/http/rate-limits/hash';
import { answerCount, minuteMs, type Policy, type PolicyBucket, RateLimits } from '../../../libs/http/rate-limits/limits';
import { RateLimitStorage } from '../../../libs/http/rate-limits/storage';
import { installation } from '../../../libs/kernel/brand-id';
import { BrandLimits } from '../../brands';

/**
 * Counts a request by the credential that the CallerGuard has found, which calls it between who asks and whether he may: whoever is refused
 * counts too. Which buckets a request falls into follows from its credential alone, so the questions that the guard of
 * @nestjs/throttler asks of each route are left out; they cost more than the counting.
 */
@Injectable()
export class RateLimitGuard extends ThrottlerGuard {
  constructor(
    @InjectThrottlerOptions() options: ThrottlerModuleOptions,
    private readonly storage: RateLimitStorage,
    reflector: Reflector,
    private readonly limits: RateLimits,
    private readonly brands: BrandLimits,
  ) {
    super(options, storage, reflector);
  }

  /** @throws RateLimited */
  override async canActivate(context: ExecutionContext): Promise<boolean> {
    if (!this.limits.isOn) return true;
    const [request, reply] = context.getArgs<[FastifyRequest, FastifyReply]>();
    const buckets = await this.bucketsOf(request);
    if (buckets) answerCount(reply, buckets, await this.storage.take(buckets));
    return true;
  }

  private async bucketsOf(request: FastifyRequest): Promise<PolicyBucket[] | null> {
    if (request.asking) return this.ofApiKey(request.asking);
    if (request.publicBrand) return [this.bucket('public', normalizeIp(request.ip), null)];
    return this.ofLicenseKey(request);
  }

  private async ofApiKey({ credentialId, brandId }: NonNullable<FastifyRequest['asking']>): Promise<PolicyBucket[]> {
    const own = brandId === installation ? null : (await this.brands.of(brandId)).apiKeyPerMinute;
    return [this.bucket('api_key', credentialId, own)];
  }

  /** An instance that is not named is told apart by its address. What is no license key of ours is the concern of FailedTries. */
  private async ofLicenseKey({ method, presentedKey, credentialHash, body, query, ip }: FastifyRequest): Promise<PolicyBucket[] | null> {
    if (!presentedKey || !credentialHash) return null;
    const { instancePerMinute, licenseKeyPerMinute } = await this.brands.of(presentedKey.brandId);
    const { instance_id: named } = ((method === 'GET' ? query : body) ?? {}) as { instance_id?: unknown };
    const instance = typeof named === 'string' ? named.slice(0, longestInstanceId) : normalizeIp(ip);
    return [
      this.bucket('instance', hashOf(`${credentialHash} ${instance}`), instancePerMinute),
      this.bucket('license_key', credentialHash, licenseKeyPerMinute),
    ];
  }

  private bucket(policy: Policy, whose: string, own: number | null): PolicyBucket {
    return { policy, key: `${policy}:${whose}`, limit: own ?? this.limits.perMinute[policy], windowMs: minuteMs };
  }
}

/** What is longer is refused later anyway, and must not be hashed as a whole. */
const longestInstanceId = 256;
