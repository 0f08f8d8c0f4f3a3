import type { FastifyReply } from 'fastify';
import { RateLimited } from '../refusals';
import type { Bucket, Count } from './storage';

/**
 * What is counted: by API key; by license key and instance; by license key; by address, tries with a credential that is none, and
 * requests that need none. */
export type Policy = 'api_key' | 'instance' | 'license_key' | 'failed_tries' | 'public';

/** Whether requests are counted, and how many of each kind pass in a minute unless the brand has limits of its own. Given by whoever starts the service. */
export abstract class RateLimits {
  abstract readonly isOn: boolean;
  abstract readonly perMinute: Readonly<Record<Policy, number>>;
}

export interface PolicyBucket extends Bucket {
  readonly policy: Policy;
}

export const minuteMs = 60_000;

/** Tells the caller how he stands, as the IETF's draft of the RateLimit fields (11) has it: `t` is when there will be more. @throws RateLimited */
export function answerCount(reply: FastifyReply, buckets: readonly PolicyBucket[], { allowed, standings }: Count): void {
  let [policies, limits, retry] = ['', '', 0];
  buckets.forEach(({ policy, limit, windowMs }, i) => {
    const { remaining, moreInMs } = standings[i]!;
    const comma = i === 0 ? '' : ', ';
    policies += `${comma}"${policy}";q=${limit};w=${windowMs / 1000}`;
    limits += `${comma}"${policy}";r=${remaining};t=${Math.ceil(moreInMs / 1000)}`;
    if (remaining === 0) retry = Math.max(retry, Math.ceil(moreInMs / 1000));
  });
  void reply.header('ratelimit-policy', policies).header('ratelimit', limits);
  if (allowed) return;
  void reply.header('retry-after', String(Math.max(1, retry)));
  throw new RateLimited(Math.max(1, retry));
}
